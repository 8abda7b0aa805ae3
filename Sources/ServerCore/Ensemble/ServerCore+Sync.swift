// `sync`: the client's next reads see at least what was committed anywhere before it asked. The
// leader answers when a quorum has confirmed that it still leads, so that no deposed one does (C-17).

import ZKWire
import Zab

extension ServerCore {
    /// - Parameter frame: the request, whose body is the reply's.
    func handleSync(
        _ connection: Connection, _ frame: ByteView, _ now: Now, _ effects: inout Effects
    ) {
        connection.isSyncing = true
        let number = syncs.nextNumber()
        let kept = [UInt8](frame)
        connection.pending.append(.sync(number, kept, receivedAt: now.monotonic))
        connection.pendingBytes += kept.count
        requestSync(number, kept, connection, now, &effects)
    }

    func requestSync(
        _ number: UInt64, _ frame: [UInt8], _ connection: Connection, _ now: Now,
        _ effects: inout Effects
    ) {
        syncs.ask(number, .client(connection.id))
        if isLeader {
            peer.confirmLeadership(token: number, now: now.monotonic, into: &effects.zab)
        } else {
            frame.withByteView { bytes in
                var reader = JuteReader(bytes)
                guard let header = try? reader.readRequestHeader() else { return }
                forward(.sync, header.xid, reader.rest, connection, &effects)
            }
        }
    }

    /// At a leader: answers what a quorum has confirmed since.
    func takeConfirmedSyncs(_ effects: inout Effects) {
        guard isLeader else { return }
        for number in peer.takeConfirmed() {
            switch syncs.take(number) {
            case .learner(let learner, _):
                // After everything that is committed so far.
                flushPeer(&effects)
                peer.answerSync(of: learner, into: &effects.zab)
            case .refusal(let id):
                guard let connection = connections[id], connection.isOwedHandshake else { continue }
                refuse(connection, connection.session, &effects)
            case .denial(let session, let learner, _):
                answerRevalidation(session, isValid: false, to: learner, &effects)
            case .some(let origin): confirm(number, origin)
            case nil: break
            }
        }
    }

    /// Somebody comes to this leader with a session that is not alive here. One that was deposed and
    /// does not know it yet has never heard of the sessions made since: nobody is told that his is over
    /// before a quorum has said that this server leads, and what was proposed is committed (C-18).
    ///
    /// Differs from ZooKeeper, whose deposed leader says so at once.
    func askWhetherLeading(
        before answer: SyncQueue.Origin, _ now: Now, _ effects: inout Effects
    ) {
        let number = syncs.nextNumber()
        syncs.ask(number, answer)
        peer.confirmLeadership(token: number, now: now.monotonic, into: &effects.zab)
    }

    /// What was committed before is known here, and may still be on its way to the own disk.
    func confirm(_ number: UInt64, _ origin: SyncQueue.Origin) {
        switch origin {
        case .client(let id): afterApply.add(.sync(id, number), after: peer.history.committed)
        case .resubmission: afterApply.add(.resubmission, after: peer.history.committed)
        case .handshake(let id): afterApply.add(.handshake(id), after: peer.history.committed)
        case .learner, .refusal, .denial: break
        }
    }

    // MARK: What waited for the tree

    func carryOutDue(_ now: Now, _ effects: inout Effects) {
        for action in afterApply.takeDue(lastProcessedZxid) {
            switch action {
            case .handshake(let id):
                guard let connection = connections[id], connection.phase == .connecting,
                    case .handshake? = connection.pending.first
                else { continue }
                connection.pending.removeFirst()
                finishHandshake(connection, now, &effects)
            case .sync(let id, let number):
                guard let connection = connections[id], connection.phase != .closing else {
                    continue
                }
                connection.confirmedSync = max(connection.confirmedSync, number)
                drainPending(connection, now, &effects)
            case .resubmission: resubmit(now, &effects)
            case .revalidation(let learner, let session):
                let isValid = sessions[session].map { !$0.isClosing } ?? false
                answerRevalidation(session, isValid: isValid, to: learner, &effects)
            }
        }
    }
}
