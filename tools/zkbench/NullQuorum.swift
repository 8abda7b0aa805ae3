// The least that durable replicated writes cost: three processes with a log each, one sync for all
// that has come meanwhile, an answer when two of the three have it. No sessions, no order of zxids,
// no state machine.
import Glibc
import Synchronization
import ZKWire

/// The leader's side of a null quorum: its own log on a thread, two followers as processes.
final class NullQuorum {
    private let own: OwnLog
    private var followers: [Follower] = []
    private let fresh = ByteWriter(capacity: 1 << 20)
    private var appended: UInt64 = 0
    /// Up to where two of the three logs are durable.
    private(set) var durable: UInt64 = 0

    private final class Follower {
        let socket: Socket
        let process: pid_t
        let output = ByteWriter(capacity: 1 << 20)
        var acks = [UInt8]()
        var durable: UInt64 = 0

        init(_ socket: Socket, _ process: pid_t) {
            self.socket = socket
            self.process = process
        }
    }

    /// Starts the followers; their logs and the own one are files in `directory`.
    init(directory: String) throws(BenchError) {
        own = try OwnLog(path: directory + "/null-quorum-0.log")
        let listener = try Socket.listening(port: 0)
        for number in 1...2 {
            let process = try Self.spawnFollower(
                port: listener.localPort, log: directory + "/null-quorum-\(number).log")
            // It connects when its log is written.
            guard let socket = listener.accepted() else {
                throw BenchError(systemCall: "accept", "follower \(number)")
            }
            followers.append(Follower(socket, process))
        }
    }

    deinit {
        own.stop()
        for follower in followers {
            shutdown(follower.socket.descriptor, Int32(SHUT_RDWR))
            waitpid(follower.process, nil, 0)
        }
    }

    private static func spawnFollower(port: UInt16, log: String) throws(BenchError) -> pid_t {
        let words = ["zkbench", "null-follower", "--port", "\(port)", "--log", log]
        let copies = words.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var process: pid_t = 0
        let status = posix_spawn(&process, "/proc/self/exe", nil, nil, copies + [nil], environ)
        guard status == 0 else { throw BenchError("posix_spawn zkbench: errno \(status)") }
        return process
    }

    /// What `advance` is to be called for.
    var descriptors: [Int32] { [own.reports] + followers.map(\.socket.descriptor) }
    /// Of the followers' links: whether room to write is waited for.
    var waitsForRoom: [(Int32, Bool)] {
        followers.map { ($0.socket.descriptor, $0.output.count > 0) }
    }

    /// Queues a write; returns the offset at which it is durable.
    @inline(__always)
    func append(_ frame: ByteView) -> UInt64 {
        fresh.writeRaw(frame)
        appended &+= UInt64(frame.count)
        return appended
    }

    /// Hands over what was appended, takes what has been acknowledged.
    func advance() throws(BenchError) {
        if fresh.count > 0 {
            own.hand(over: fresh.view)
            for follower in followers { follower.output.writeRaw(fresh.view) }
            fresh.removeAll()
        }
        for follower in followers {
            try send(follower)
            try receive(follower)
        }
        let ends = [try own.takeDurable()] + followers.map(\.durable)
        durable = max(durable, ends.sorted()[1])
    }

    private func send(_ follower: Follower) throws(BenchError) {
        while follower.output.count > 0 {
            switch follower.socket.transmit(follower.output.view) {
            case .bytes(let count): follower.output.removeFirst(count)
            case .wouldBlock: return
            case .closed: throw BenchError("a follower of the null quorum has ended")
            }
        }
    }

    private func receive(_ follower: Follower) throws(BenchError) {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let result = bytes.withUnsafeMutableBytes { follower.socket.receive(into: $0) }
        switch result {
        case .bytes(let count): follower.acks += bytes[..<count]
        case .wouldBlock: return
        case .closed: throw BenchError("a follower of the null quorum has ended")
        }
        let whole = follower.acks.count / 8 * 8
        guard whole > 0 else { return }
        follower.durable = follower.acks.withUnsafeBytes {
            UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: whole - 8, as: UInt64.self))
        }
        follower.acks.removeFirst(whole)
    }
}
