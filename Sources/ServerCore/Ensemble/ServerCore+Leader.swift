// At the leader: what learners ask for.

import ZKWire
import Zab

extension ServerCore {
    func handle(
        _ message: LearnerMessage, from learner: ServerID, _ link: LinkID, _ now: Now,
        _ effects: inout Effects
    ) {
        // On its way out a leader takes nothing more: the learner asks the next one.
        guard isLeader else { return }
        switch message {
        case .request(let request):
            if request.type == OpCode.sync.rawValue {
                let number = syncs.nextNumber()
                syncs.ask(number, .learner(learner, link))
                peer.confirmLeadership(
                    token: number, for: learner, now: now.monotonic, into: &effects.zab)
            } else {
                handleForwarded(request, from: learner, now, &effects)
            }
        case .ping(_, let touches):
            let awake = clock.awake(now.monotonic)
            touches.forEach { touch in
                sessions[touch.session]?.touch(awake, timeoutMilliseconds: touch.timeoutMilliseconds)
            }
        case .revalidate(let session, let timeoutMilliseconds):
            handleRevalidate(session, timeoutMilliseconds, from: learner, link, now, &effects)
        case .followerInfo, .observerInfo, .ackEpoch, .ack: break
        }
    }

    /// A write of a learner's client. It is answered there, when its transaction comes back.
    private func handleForwarded(
        _ request: ForwardedRequest, from learner: ServerID, _ now: Now, _ effects: inout Effects
    ) {
        let operation = OpCode(rawValue: request.type) ?? .error
        var body = JuteReader(request.body)
        if operation == .createSession {
            return openSession(request, of: learner, now, &effects)
        }
        do throws(ErrorCode) {
            guard let session = sessions[request.session] else {
                return try proposeForLocal(operation, &body, request, now, &effects)
            }
            guard !session.isClosing else { throw .sessionExpired }
            // The last request of a session ends it whoever sends it.
            if operation != .closeSession { try take(session, at: learner) }
            session.touch(clock.awake(now.monotonic))
            if operation == .closeSession {
                proposeCloseSession(session, xid: request.cxid, now, &effects)
            } else {
                propose(
                    operation, &body, .forwarded(request.authInfo), session.id,
                    xid: request.cxid, now, &effects)
                session.lastProposed = lastProposed
            }
        } catch {
            proposeError(error, request.session, xid: request.cxid, now, &effects)
        }
    }

    private func openSession(
        _ request: ForwardedRequest, of learner: ServerID, _ now: Now, _ effects: inout Effects
    ) {
        var body = JuteReader(request.body)
        guard let timeout = try? body.readInt32(), timeout > 0 else {
            return proposeError(
                .marshallingError, request.session, xid: request.cxid, now, &effects)
        }
        let session = sessions.open(
            request.session, timeoutMilliseconds: timeout, awake: clock.awake(now.monotonic))
        session.owner = learner
        proposeCreateSession(session, xid: request.cxid, now, &effects)
    }

    /// Whether requests of the session may come from this server. Whoever is first after an election
    /// has it.
    func take(
        _ session: SessionTracker.Session, at server: ServerID
    ) throws(ErrorCode) {
        guard session.owner != server else { return }
        guard session.owner == nil else { throw .sessionMoved }
        session.owner = server
    }

    /// A client has come to a learner with a session that it had elsewhere: what its former server
    /// still sends is refused from here on, and what was proposed before is seen there first.
    private func handleRevalidate(
        _ id: SessionID, _ timeoutMilliseconds: Int32, from learner: ServerID, _ link: LinkID,
        _ now: Now, _ effects: inout Effects
    ) {
        guard let session = sessions[id], !session.isClosing, !session.isLocal else {
            return askWhetherLeading(before: .denial(id, learner, link), now, &effects)
        }
        session.touch(
            clock.awake(now.monotonic), timeoutMilliseconds: timeoutMilliseconds)
        session.owner = learner
        if session.lastProposed > lastProcessedZxid {
            afterApply.add(.revalidation(learner, id), after: session.lastProposed)
        } else {
            answerRevalidation(id, isValid: true, to: learner, &effects)
        }
    }

    func answerRevalidation(
        _ id: SessionID, isValid: Bool, to learner: ServerID, _ effects: inout Effects
    ) {
        // After everything that is proposed and committed so far.
        flushPeer(&effects)
        peer.send(to: learner, into: &effects.zab) {
            $0.writeMessage(.revalidated(id, isValid: isValid))
        }
    }
}
