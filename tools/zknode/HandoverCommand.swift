import ArgumentParser
import ZKNode

struct HandoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "handover",
        abstract: "Have the leader of an ensemble hand over to another server.",
        discussion: """
            For the server that leads, before maintenance of its machine for instance. Returns when \
            another server leads and this one follows it, and prints the new leader's id. Clients \
            stay connected. A leader that is stopped by SIGTERM does the same by itself. The server \
            is asked through the Unix socket zknode/admin.sock in its data directory.

            Exit codes: 0 done, 1 it does not lead or nobody took over, 3 no server answers there,
            2 wrong command line.

            Example: zknode handover --data-dir /var/lib/zknode
            """)

    @Option(help: "The server's dataDir.")
    var dataDir = "./data"

    @Option(help: "How many seconds to wait at most.")
    var timeout: Int64 = 60

    @Flag(help: "Print what the server says as it is: one line of JSON.")
    var json = false

    func validate() throws {
        guard timeout > 0 else { throw ValidationError("--timeout is a positive number") }
    }

    func run() throws {
        let answer = try AdminRequest.send(
            "handover", dataDir: dataDir, timeout: timeout, json: json)
        guard !json else { return }
        print("leader \(AdminReply.text("leader", in: answer) ?? "?")")
    }
}
