// What becomes of requests that a change of leaders, or a broken link, overtakes: each is asked for
// again if, and only if, it cannot be committed any more otherwise (docs/zab.md, "Sessions").

import ZKWire
import Zab

extension ServerCore {
    /// This server serves again. A new leader has applied its whole history, so that what is still
    /// owed is not in it. A learner may have requests on their way that its leader has proposed and
    /// not committed: it asks the leader for a `sync`, behind which none of them can be.
    func askAnew(_ now: Now, _ effects: inout Effects) {
        for connection in sortedConnections where connection.isOwedHandshake {
            revalidate(connection, now, &effects)
        }
        let owed = sortedConnections.filter(\.isOwedByLeader)
        guard let first = owed.first else { return }
        for connection in owed { connection.isResubmitting = true }
        if isLeader { return resubmit(now, &effects) }
        let number = syncs.nextNumber()
        syncs.ask(number, .resubmission)
        [UInt8]("/".utf8).withByteView { path in
            forward(.sync, 0, path, first, &effects)
        }
    }

    /// Asks again for everything that is owed, in the order of each connection.
    func resubmit(_ now: Now, _ effects: inout Effects) {
        for connection in sortedConnections where connection.isResubmitting {
            connection.isResubmitting = false
            unblock(connection)
            announceAgain(connection, now, &effects)
            for pending in connection.pending {
                switch pending {
                case .write(let write): resubmit(write, of: connection, now, &effects)
                case .sync(let number, let frame, _):
                    requestSync(number, frame, connection, now, &effects)
                case .handshake, .request: break
                }
            }
        }
    }

    private func resubmit(
        _ write: OwedWrite, of connection: Connection, _ now: Now, _ effects: inout Effects
    ) {
        write.frame.withByteView { frame in
            var body = JuteReader(frame)
            // It was read once when it came.
            guard (try? body.readRequestHeader()) != nil else { return }
            if isLeader, let session = sessions[connection.session] {
                propose(write.operation, &body, connection, session, xid: write.xid, now, &effects)
            } else {
                forward(write.operation, write.xid, body.rest, connection, &effects)
            }
        }
    }
}

extension Connection {
    fileprivate var isOwedByLeader: Bool {
        phase != .closing
            && pending.contains {
                switch $0 {
                case .write, .sync: true
                case .handshake, .request: false
                }
            }
    }
}
