// Very many sessions that do little: what `Worker` keeps for each connection would be too much.
import Glibc
import ZKWire

/// Sessions on connections of their own, kept alive by pings as client libraries do it.
final class SessionGroup {
    /// A frame that came: whose it is and when.
    typealias Handler = (_ session: Int, _ header: ReplyHeader, _ now: UInt64) throws(BenchError) ->
        Void

    private var sockets: [Socket] = []
    private var scanners: [ReplyScanner] = []
    private var lastSend: [UInt64] = []
    /// By descriptor.
    private var sessionOf: [Int: Int] = [:]
    private var poller = Poller()
    private var ready: [Int32] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    private(set) var lost = 0
    /// Nanoseconds after which a session that has sent nothing sends a ping: a third of what the
    /// server grants, as Apache's clients have it.
    private(set) var pingInterval: UInt64 = 0

    /// Sessions that are asked for before their replies are read.
    private static let batch = 200

    var count: Int { sockets.count }

    deinit { buffer.deallocate() }

    init(
        _ count: Int, at servers: [ServerAddress], timeoutMilliseconds: Int32
    ) throws(BenchError) {
        for first in stride(from: 0, to: count, by: Self.batch) {
            let numbers = first..<min(first + Self.batch, count)
            for number in numbers {
                let socket = try Socket.connected(
                    to: servers[number % servers.count], timeoutSeconds: 60)
                try Session.request(socket, timeoutMilliseconds: timeoutMilliseconds)
                sockets.append(socket)
            }
            for number in numbers {
                let granted = try Session.receiveGranted(
                    sockets[number], server: servers[number % servers.count])
                pingInterval = UInt64(granted) * 1_000_000 / 3
                add(sockets[number], number)
            }
            _ = pingDue()
            try poll(0) { (_, _, _) throws(BenchError) in }
        }
    }

    private func add(_ socket: Socket, _ number: Int) {
        socket.setNonBlocking()
        scanners.append(ReplyScanner())
        lastSend.append(monotonicNow())
        sessionOf[Int(socket.descriptor)] = number
        poller.add(socket.descriptor)
    }

    /// Spreads the pings over their interval, as those of clients are that came at any time.
    func spreadPings() {
        let now = monotonicNow()
        for number in lastSend.indices {
            lastSend[number] = now - pingInterval * UInt64(number) / UInt64(count)
        }
    }

    /// Sends the pings that are due; returns how many.
    func pingDue() -> Int {
        let now = monotonicNow()
        let output = ByteWriter()
        Session.appendPing(to: output)
        var sent = 0
        for number in lastSend.indices where now &- lastSend[number] >= pingInterval {
            send(output, session: number)
            sent += 1
        }
        return sent
    }

    /// Sends a request that the socket has room for; a connection that has none is lost.
    func send(_ output: ByteWriter, session: Int) {
        lastSend[session] = monotonicNow()
        guard case .bytes(output.count) = sockets[session].transmit(output.view) else {
            return lose(session)
        }
    }

    /// When the session last sent something.
    func lastSend(of session: Int) -> UInt64 { lastSend[session] }

    /// Waits for at most `nanoseconds` and takes what has come.
    func poll(_ nanoseconds: UInt64, _ handle: Handler) throws(BenchError) {
        poller.wait(nanoseconds, into: &ready)
        for descriptor in ready {
            guard let session = sessionOf[Int(descriptor)] else { continue }
            switch sockets[session].receive(into: buffer) {
            case .bytes(let count):
                var bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                let now = monotonicNow()
                while let header = try scanners[session].next(in: &bytes) {
                    try handle(session, header, now)
                }
            case .wouldBlock: break
            case .closed: lose(session)
            }
        }
    }

    private func lose(_ session: Int) {
        guard sessionOf.removeValue(forKey: Int(sockets[session].descriptor)) != nil else { return }
        lost += 1
        poller.remove(sockets[session].descriptor)
    }

    /// Ends the sessions, so that the server need not wait for their timeouts.
    func close() {
        let output = ByteWriter()
        Session.appendClose(to: output, xid: 0)
        for session in 0..<count { send(output, session: session) }
        let end = monotonicNow() + 30_000_000_000
        // A server ends the connection after the session.
        while !sessionOf.isEmpty, monotonicNow() < end {
            try? poll(100_000_000) { (_, _, _) throws(BenchError) in }
        }
    }
}
