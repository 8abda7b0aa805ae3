import NIOCore
import Snapshot
import ZKWire

/// What the admin socket can do.
// SAFETY: `@unchecked`: confined to the core's event loop, which serves the socket too.
final class AdminCommands: @unchecked Sendable {
    /// Open connections that count.
    var connectionCount = 0

    private let loop: CoreLoop
    private let startedAt = NIODeadline.now()

    init(_ loop: CoreLoop) { self.loop = loop }

    /// - Parameter reply: called once, at once or when the work is done.
    func run(_ line: String, _ reply: @escaping (AdminReply) -> Void) {
        switch line.trimmingReturn {
        case "snapshot": snapshot(reply)
        case "status": reply(status)
        case "handover": handOver(reply)
        default: reply(.failure("unknown command; there are snapshot, handover and status"))
        }
    }

    /// Answers when the snapshot is durable. Its walk begins now or, if another one is under way,
    /// when that has ended: everything that was acknowledged before the request is in it.
    private func snapshot(_ reply: @escaping (AdminReply) -> Void) {
        let begun = NIODeadline.now()
        loop.snapshots.startAnew(loop) { [loop] result in
            switch result {
            case .success(let zxid):
                let name = SnapshotName(zxid: zxid).fileName
                reply(
                    AdminReply([
                        ("zxid", .text("\(zxid)")),
                        ("file", .text(loop.snapshots.directory + "/" + name)),
                        ("milliseconds", .number((.now() - begun).nanoseconds / 1_000_000)),
                    ]))
            case .failure(let error): reply(.failure("no snapshot was written: \(error)"))
            }
        }
    }

    /// Answers when another server leads.
    private func handOver(_ reply: @escaping (AdminReply) -> Void) {
        let begun = NIODeadline.now()
        loop.handOver { outcome in
            switch outcome {
            case .leads(let leader):
                reply(
                    AdminReply([
                        ("leader", .text("\(leader)")),
                        ("milliseconds", .number((.now() - begun).nanoseconds / 1_000_000)),
                    ]))
            case .notLeading: reply(.failure("this server does not lead"))
            case .nobody(isLeading: true):
                reply(.failure("no other server could take over; this one leads still"))
            case .nobody(isLeading: false):
                reply(.failure("this server leads no longer, but none is known yet that does"))
            }
        }
    }

    private var status: AdminReply {
        let core = loop.core
        return AdminReply([
            ("version", .text(ServerVersion.own)),
            ("mode", .text(ServerMode(core, isMember: loop.ensemble != nil).rawValue)),
            ("zxid", .text("\(core.lastProcessedZxid)")),
            ("znodes", .number(Int64(core.tree.nodeCount))),
            ("sessions", .number(Int64(core.tree.sessions.count))),
            ("connections", .number(Int64(core.connections.count))),
            ("lastSnapshot", .text(loop.snapshots.lastSnapshot.map { "\($0)" } ?? "")),
            ("snapshotUnderWay", .bool(loop.snapshots.isUnderWay)),
            ("upMilliseconds", .number((.now() - startedAt).nanoseconds / 1_000_000)),
        ])
    }
}

extension String {
    fileprivate var trimmingReturn: Substring { last == "\r" ? dropLast() : self[...] }
}
