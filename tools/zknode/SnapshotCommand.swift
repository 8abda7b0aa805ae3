import ArgumentParser
import Glibc
import ZKNode

struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Have a running server write a snapshot now.",
        discussion: """
            Returns when the snapshot is durable, and prints its zxid and file. Everything that \
            was acknowledged before the call is in it. The server goes on serving meanwhile. It is \
            asked through the Unix socket zknode/admin.sock in its data directory, which only the \
            owner of the data can open.

            Exit codes: 0 written, 1 the server could not write it, 3 no server answers there,
            2 wrong command line.

            Example: zknode snapshot --data-dir /var/lib/zknode
            """)

    @Option(help: "The server's dataDir.")
    var dataDir = "./data"

    @Option(help: "How many seconds to wait at most.")
    var timeout: Int64 = 600

    @Flag(help: "Print what the server says as it is: one line of JSON.")
    var json = false

    func validate() throws {
        guard timeout > 0 else { throw ValidationError("--timeout is a positive number") }
    }

    func run() throws {
        let answer = try AdminRequest.send(
            "snapshot", dataDir: dataDir, timeout: timeout, json: json)
        guard !json else { return }
        print("zxid \(AdminReply.text("zxid", in: answer) ?? "?")")
        print("file \(AdminReply.text("file", in: answer) ?? "?")")
    }
}

/// One line on standard error.
func complain(_ line: String) {
    var text = line + "\n"
    text.withUTF8 { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
}
