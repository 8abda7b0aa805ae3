// At a follower or an observer: what it asks its leader for, and what the leader says to that.

import ZKWire
import Zab

extension ServerCore {
    func handlePacket(
        _ packet: QuorumPacket, from sender: ServerID, _ link: LinkID, _ now: Now,
        _ effects: inout Effects
    ) {
        do throws(DecodeError) {
            if role.isLeading {
                let message = try LearnerMessage(packet)
                handle(message, from: sender, link, now, &effects)
            } else {
                handle(try LeaderMessage(packet), now, &effects)
            }
        } catch {
            effects.zab.close.append((link, .malformed("\(error)")))
        }
    }

    private func handle(_ message: LeaderMessage, _ now: Now, _ effects: inout Effects) {
        switch message {
        case .ping(let zxid): answerPing(zxid, &effects)
        case .revalidated(let session, let isValid):
            handleRevalidated(session, isValid, now, &effects)
        case .sync:
            guard let (number, origin) = syncs.takeOldest() else { return }
            confirm(number, origin)
        case .leaderInfo, .diff, .trunc, .snap, .newLeader, .upToDate, .proposal, .commit,
            .commitAndActivate, .inform, .informAndActivate:
            break
        }
    }

    // MARK: Writes

    /// Sends a client's write to the leader. Where there is no link any more it is sent to the next
    /// leader, as what got lost is.
    func forward(
        _ operation: OpCode, _ xid: Int32, _ body: ByteView, _ connection: Connection,
        _ effects: inout Effects
    ) {
        peer.sendToLeader(into: &effects.zab) { link in
            link.writeForwardedRequest(
                session: connection.session, cxid: xid, type: operation.rawValue, body: body,
                identities: connection.identities)
        }
    }

    // MARK: Sessions

    /// The most in one PING, which has to stay below what peers take as one packet; the rest goes
    /// with the next. Each PING has one answer: the leader counts them.
    private static let maximumTouches = 65_536

    /// Tells the leader which sessions were heard of since the last time.
    private func answerPing(_ zxid: Zxid, _ effects: inout Effects) {
        let touches = sessions.takeTouches(atMost: ServerCore.maximumTouches)
        peer.sendToLeader(into: &effects.zab) { $0.writePing(zxid, touches: touches) }
    }

    /// Asks the leader whether the session that this connection's client comes with lives.
    func askLeader(about connection: Connection, _ effects: inout Effects) {
        if let other = resuming.updateValue(connection.id, forKey: connection.session),
            other != connection.id, let older = connections[other]
        {
            close(older, .sessionReconnected, &effects)
        }
        peer.sendToLeader(into: &effects.zab) { link in
            link.writeMessage(
                .revalidate(
                    connection.session, timeoutMilliseconds: connection.timeoutMilliseconds))
        }
    }

    /// What the session had proposed comes before this answer, so that it is in the history here:
    /// the client goes on when the tree has that.
    private func handleRevalidated(
        _ id: SessionID, _ isValid: Bool, _ now: Now, _ effects: inout Effects
    ) {
        guard let place = resuming.removeValue(forKey: id), let connection = connections[place],
            connection.phase == .connecting
        else { return }
        guard isValid else { return refuse(connection, id, &effects) }
        attach(connection, to: id, now, &effects)
        afterApply.add(.handshake(connection.id), after: peer.history.last)
    }
}
