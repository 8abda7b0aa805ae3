import Glibc
import ZKWire

/// Sets watches with all sessions of a group but the last, and fires them with that one.
final class Fanout {
    private let group: SessionGroup
    private let paths: [String]
    private let limit: UInt64
    private var xid: Int32 = 0
    private var watchers: Int { group.count - 1 }

    /// Between two looks at the sockets, so that looking does not take the servers' processor.
    private static let pause: UInt32 = 500

    /// - Parameter limit: nanoseconds that anything may take.
    init(_ group: SessionGroup, paths: [String], limit: UInt64) {
        self.group = group
        self.paths = paths
        self.limit = limit
    }

    /// Milliseconds of one change.
    func round() throws(BenchError) -> FanoutReport.Round {
        let registration = try register()
        let (changed, events, sent) = try fire()
        let milliseconds = { (nanoseconds: UInt64) in Double(nanoseconds) / 1e6 }
        return FanoutReport.Round(
            registration: milliseconds(registration), changeReply: milliseconds(changed - sent),
            first: milliseconds(events.min), p50: milliseconds(events.value(at: 0.5)),
            p99: milliseconds(events.value(at: 0.99)), last: milliseconds(events.max))
    }

    /// One get with a watch for each session and znode; returns what it took.
    private func register() throws(BenchError) -> UInt64 {
        let start = monotonicNow()
        let output = ByteWriter()
        for path in paths {
            xid += 1
            RequestTemplate(.getData) {
                $0.writeString(path)
                $0.writeBool(true)
            }.append(to: output, xid: xid)
        }
        var missing = watchers * paths.count
        for session in 0..<watchers { group.send(output, session: session) }
        try wait(while: { missing > 0 }) { (_, header, _) throws(BenchError) in
            guard header.xid > 0 else { return }
            guard header.errorCode == 0 else {
                throw BenchError("a get of \(self.paths[0]): error \(header.errorCode)")
            }
            missing -= 1
        }
        return monotonicNow() - start
    }

    /// One change of all znodes; when it was answered, how long each event took, when it was sent.
    private func fire() throws(BenchError) -> (UInt64, LatencyHistogram, UInt64) {
        xid += 1
        let change = xid
        let output = ByteWriter()
        request().append(to: output, xid: change)
        var missing = watchers * paths.count
        var answered: UInt64?
        var events = LatencyHistogram()
        let sent = monotonicNow()
        group.send(output, session: watchers)
        try wait(while: { missing > 0 || answered == nil }) { (_, header, now) throws(BenchError) in
            if header.xid == SpecialXid.notification {
                events.record(now - sent)
                missing -= 1
            } else if header.xid == change {
                guard header.errorCode == 0 else {
                    throw BenchError("the change: error \(header.errorCode)")
                }
                answered = now
            }
        }
        return (answered ?? sent, events, sent)
    }

    private func request() -> RequestTemplate {
        let writeSet = { (path: String, writer: ByteWriter) in
            writer.writeString(path)
            writer.writeBuffer([UInt8](repeating: 120, count: 100))
            writer.writeInt32(-1)
        }
        guard paths.count > 1 else {
            return RequestTemplate(.setData) { writeSet(paths[0], $0) }
        }
        return RequestTemplate(.multi) { writer in
            for path in paths {
                Self.writePartHeader(OpCode.setData.rawValue, isLast: false, writer)
                writeSet(path, writer)
            }
            Self.writePartHeader(-1, isLast: true, writer)
        }
    }

    /// Apache's `MultiHeader`.
    private static func writePartHeader(_ operation: Int32, isLast: Bool, _ writer: ByteWriter) {
        writer.writeInt32(operation)
        writer.writeBool(isLast)
        writer.writeInt32(-1)
    }

    private func wait(
        while isMissing: () -> Bool, _ handle: SessionGroup.Handler
    ) throws(BenchError) {
        let end = monotonicNow() + limit
        while isMissing() {
            guard monotonicNow() < end else {
                throw BenchError("not all replies and events came within \(limit / 1_000_000) ms")
            }
            guard group.lost == 0 else { throw BenchError("\(group.lost) sessions were lost") }
            _ = group.pingDue()
            usleep(Self.pause)
            try group.poll(10_000_000, handle)
        }
    }
}
