// Sessions that only this server knows: no transaction makes them or ends them. One that is to own
// an ephemeral becomes a session of the ensemble first, if that is allowed (Apache
// `UpgradeableSessionTracker`, `QuorumZooKeeperServer.checkUpgradeSession`).

import ZKWire
import Zab

extension ServerCore {
    /// The session of a new connection.
    func openLocalSession(
        _ connection: Connection, _ now: Now, _ effects: inout Effects
    ) {
        let session = sessions.open(
            connection.session, timeoutMilliseconds: connection.timeoutMilliseconds,
            awake: clock.awake(now.monotonic), isLocal: true)
        session.connection = connection
        session.owner = configuration.serverID
        finishHandshake(connection, now, &effects)
    }

    /// Its client comes by another connection: nobody needs to be asked, but it must not read a state
    /// from before what it asked for by the former one.
    func resumeLocalSession(
        _ session: SessionTracker.Session, _ connection: Connection, _ now: Now,
        _ effects: inout Effects
    ) {
        guard !session.isClosing else { return refuse(connection, session.id, &effects) }
        attach(connection, to: session.id, now, &effects)
        if isLeader, session.lastProposed > lastProcessedZxid {
            afterApply.add(.handshake(connection.id), after: session.lastProposed)
        } else if !isLeader, isServing, session.hasUnanswered {
            let number = syncs.nextNumber()
            syncs.ask(number, .handshake(connection.id))
            [UInt8]("/".utf8).withByteView { forward(.sync, 0, $0, connection, &effects) }
        } else {
            connection.pending.removeFirst()
            finishHandshake(connection, now, &effects)
        }
    }

    // MARK: The end

    /// The client's closeSession, after everything that it asked for before.
    func finishLocalSession(
        _ connection: Connection, xid: Int32, _ now: Now, _ effects: inout Effects
    ) {
        reply(connection, xid: xid, .ok, now, &effects)
        connection.statistics.lastOperation = OpCode.closeSession.shortName
        guard let session = sessions[connection.session] else { return }
        end(session, isOwnRequest: true, &effects)
    }

    // MARK: Upgrade

    /// Before a request that creates an ephemeral: the transaction that makes the session global is
    /// ahead of the request's own, whoever proposes them.
    func upgradeIfNeeded(
        _ session: SessionTracker.Session, _ connection: Connection, _ operation: OpCode,
        _ body: JuteReader, _ now: Now, _ effects: inout Effects
    ) {
        guard session.isLocal, configuration.areLocalSessionsUpgraded,
            RequestPreparer.createsEphemeral(operation, body)
        else { return }
        sessions.makeGlobal(session)
        session.isUpgrading = true
        effects.notices.append(.sessionUpgraded(session.id))
        announce(session, connection, now, &effects)
    }

    /// Makes the session known to all; nothing of it may be asked for before.
    private func announce(
        _ session: SessionTracker.Session, _ connection: Connection, _ now: Now,
        _ effects: inout Effects
    ) {
        if isLeader { return proposeCreateSession(session, xid: 0, now, &effects) }
        let body = ByteWriter(capacity: 4)
        body.writeInt32(session.timeoutMilliseconds)
        forward(.createSession, 0, body.view, connection, &effects)
    }

    /// What is owed to this connection is about to be asked for again. If the upgrade ahead of it is
    /// not in the history either, it is lost too.
    func announceAgain(_ connection: Connection, _ now: Now, _ effects: inout Effects) {
        guard let session = sessions[connection.session], session.isUpgrading,
            tree.sessions.timeout(of: session.id) == nil
        else { return }
        announce(session, connection, now, &effects)
    }

    /// The transaction that makes a session of the ensemble is applied.
    func noteGlobal(_ session: SessionTracker.Session) {
        sessions.makeGlobal(session)
        session.isUpgrading = false
    }

    // MARK: At a leader

    /// A learner's client asks for something with a session that is not one of the ensemble's: one
    /// that the learner alone knows. It is not told apart from one that has ended; so those that
    /// ended a short while ago are remembered (C-10), and this server knows its own.
    func proposeForLocal(
        _ operation: OpCode, _ body: inout JuteReader, _ request: ForwardedRequest,
        _ now: Now, _ effects: inout Effects
    ) throws(ErrorCode) {
        guard configuration.areSessionsLocal, operation != .closeSession,
            !ended.contains(request.session),
            !request.session.isFrom(configuration.serverID)
        else { throw .sessionExpired }
        propose(
            operation, &body, .forwarded(request.authInfo), request.session, isLocal: true,
            xid: request.cxid, now, &effects)
    }
}

extension SessionID {
    /// Whether this server has given it out.
    fileprivate func isFrom(_ server: ServerID) -> Bool {
        UInt8(truncatingIfNeeded: rawValue >> 56) == UInt8(truncatingIfNeeded: server.rawValue)
    }
}

extension RequestPreparer {
    /// Whether the request is to create an ephemeral. One that cannot be decoded is not: it fails.
    static func createsEphemeral(_ operation: OpCode, _ body: JuteReader) -> Bool {
        var reader = body
        switch operation {
        case .create, .create2:
            return (try? reader.readCreateRequest(hasTTL: false))?.isEphemeral ?? false
        case .multi: return (try? multiCreatesEphemeral(&reader)) ?? false
        default: return false
        }
    }

    private static func multiCreatesEphemeral(
        _ parts: inout JuteReader
    ) throws(DecodeError) -> Bool {
        var hasEphemeral = false
        while let op = try parts.readMultiPartHeader() {
            switch op {
            case .create, .create2, .createContainer, .createTTL:
                let part = try parts.readCreateRequest(hasTTL: op == .createTTL)
                hasEphemeral = hasEphemeral || part.isEphemeral
            default: try parts.skipMultiPart(op)
            }
        }
        return hasEphemeral
    }
}

extension CreateRequest {
    fileprivate var isEphemeral: Bool { CreateMode(rawValue: flags)?.isEphemeral ?? false }
}
