// C-08: no session ends before its time-out has passed on the leader's own clock, since its leader
// began to lead and since it was last heard of there.

import ServerCore
import ZKWire
import Zab

package final class GhostSessions {
    private let run: Run
    /// Who leads, and what its clock showed when it began to.
    private var leader: (id: ServerID, since: Instant)?
    /// When the leader itself heard from a client.
    private var touches: [SessionID: Instant] = [:]
    private var timeouts: [SessionID: Duration] = [:]

    init(_ run: Run) { self.run = run }

    func leads(_ id: ServerID, since now: Instant) {
        leader = (id, now)
        touches.removeAll()
    }

    /// Bytes of the session's client came to this server.
    package func heard(_ session: SessionID, at id: ServerID, _ now: Instant) {
        if leader?.id == id { touches[session] = now }
    }

    /// A transaction that nobody had proposed before.
    func proposed(_ payload: ByteView, by id: ServerID, _ now: Instant) {
        var reader = JuteReader(payload)
        guard let header = try? reader.readTxnHeader() else { return }
        switch OpCode(rawValue: header.type) {
        case .createSession:
            guard let milliseconds = try? reader.readInt32() else { return }
            timeouts[header.session] = .milliseconds(Int64(milliseconds))
            if leader?.id == id { touches[header.session] = now }
        case .closeSession where header.cxid == 0: checkExpiry(of: header.session, by: id, now)
        default: break
        }
    }

    private func checkExpiry(of session: SessionID, by id: ServerID, _ now: Instant) {
        guard let leader, leader.id == id, let timeout = timeouts[session] else { return }
        let heard = max(touches[session] ?? leader.since, leader.since)
        run.expect(
            now - heard >= timeout, "C-08",
            "server \(id) ends session \(session) after \(now - heard) of \(timeout)")
    }
}
