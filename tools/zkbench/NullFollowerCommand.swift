import ArgumentParser
import Glibc
import ZKWire

/// A follower of `zkbench null --quorum`, which starts it: writes what it is sent, syncs, and says up
/// to where.
struct NullFollowerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "null-follower", abstract: "One server of a null quorum.",
        shouldDisplay: false)

    @Option(help: "The leader's port for it.")
    var port: UInt16
    @Option(help: "The file of its log.")
    var log: String

    /// What one sync may cover.
    private static let batchBytes = 4 << 20

    func run() throws {
        do throws(BenchError) {
            try follow()
        } catch {
            standardError("zkbench: null follower: \(error)")
            throw ExitCode(ExitStatus.notMeasured)
        }
    }

    private func follow() throws(BenchError) {
        guard let leader = ServerAddress("127.0.0.1:\(port)") else { return }
        let file = try NullLog(path: log)
        // Waits for work as long as the leader lives.
        let socket = try Socket.connected(to: leader, timeoutSeconds: 0)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.batchBytes, alignment: 16)
        defer { buffer.deallocate() }
        let ack = ByteWriter()
        var total: UInt64 = 0
        while case .bytes(let first) = socket.receive(into: buffer) {
            var count = first
            while count < buffer.count {
                let more = recv(
                    socket.descriptor, buffer.baseAddress.unsafelyUnwrapped + count,
                    buffer.count - count, Int32(MSG_DONTWAIT))
                guard more > 0 else { break }
                count += more
            }
            try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            try file.sync()
            total += UInt64(count)
            ack.removeAll()
            ack.writeInt64(Int64(total))
            try socket.transmitAll(ack.view)
        }
    }
}
