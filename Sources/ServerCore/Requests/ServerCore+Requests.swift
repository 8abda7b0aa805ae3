// One request: a write is proposed at once, a read is answered at once, unless an earlier write of
// the same session has not been applied; then the read waits for it and for nothing else.

import DataTree
import ZKWire
import Zab

extension ServerCore {
    func handleFrame(
        _ connection: Connection, _ frame: ByteView, _ now: Now, _ effects: inout Effects
    ) {
        var reader = JuteReader(frame)
        guard let header = try? reader.readRequestHeader() else {
            return close(connection, .malformed("request of \(frame.count) bytes"), &effects)
        }
        // After its closeSession nothing of a session commits any more (C-10), and nothing is
        // answered: the connection ends when that is applied, after the replies that it is owed.
        guard let session = sessions[connection.session], !session.isClosing else { return }
        session.touch(clock.awake(now.monotonic))
        if header.type == OpCode.auth.rawValue {
            return handleAuth(connection, header, &reader, &effects)
        }
        guard header.type == OpCode.sasl.rawValue || passesEnforcedAuth(connection) else {
            return refuseUnauthenticated(connection, header, &effects)
        }
        let operation = OpCode(rawValue: header.type)
        if isReadOnly, operation.needsLeader(isLocal: session.isLocal) {
            reply(connection, xid: header.xid, .notReadOnly, now, &effects)
        } else if operation == .closeSession, session.isLocal {
            session.isClosing = true
            takeInTurn(connection, frame, header, operation, &reader, now, &effects)
        } else if let operation, operation.isWrite {
            submit(connection, session, frame, header, operation, &reader, now, &effects)
        } else if operation == .sync, !peer.configuration.isAlone {
            handleSync(connection, frame, now, &effects)
        } else {
            takeInTurn(connection, frame, header, operation, &reader, now, &effects)
        }
    }

    /// Carries out what needs no transaction, behind what the session has asked for before.
    private func takeInTurn(
        _ connection: Connection, _ frame: ByteView, _ header: RequestHeader,
        _ operation: OpCode?, _ body: inout JuteReader, _ now: Now, _ effects: inout Effects
    ) {
        if connection.pending.isEmpty {
            carryOut(connection, header, operation, &body, now, &effects)
        } else {
            connection.pending.append(.request([UInt8](frame), receivedAt: now.monotonic))
            connection.pendingBytes += frame.count
        }
    }

    @inline(__always)
    private func carryOut(
        _ connection: Connection, _ header: RequestHeader, _ operation: OpCode?,
        _ body: inout JuteReader, _ now: Now, _ effects: inout Effects
    ) {
        if operation == .closeSession {
            finishLocalSession(connection, xid: header.xid, now, &effects)
        } else {
            handleRead(connection, header, operation, &body, now, &effects)
        }
    }

    /// Proposes a write, or has the leader do so. It is answered when its transaction is applied.
    func submit(
        _ connection: Connection, _ session: SessionTracker.Session, _ frame: ByteView,
        _ header: RequestHeader, _ operation: OpCode, _ body: inout JuteReader, _ now: Now,
        _ effects: inout Effects
    ) {
        upgradeIfNeeded(session, connection, operation, body, now, &effects)
        var bytes = frame.count
        var kept: [UInt8] = []
        if isLeader {
            let before = proposed.bytes
            propose(operation, &body, connection, session, xid: header.xid, now, &effects)
            bytes = proposed.bytes - before
        } else {
            if operation == .closeSession { session.isClosing = true }
            forward(operation, header.xid, body.rest, connection, &effects)
            kept = [UInt8](frame)
        }
        let write = OwedWrite(
            xid: header.xid, operation: operation, receivedAt: now.monotonic, bytes: bytes,
            frame: kept)
        outstanding.add(bytes: bytes)
        connection.pending.append(.write(write))
    }

    /// Runs what waited behind writes that are applied now. Its replies are written now, whatever
    /// the client has taken so far, since later ones would see later writes; past its bound the
    /// connection ends with the turn, and what else it asked for need not be run.
    func drainPending(_ connection: Connection, _ now: Now, _ effects: inout Effects) {
        while connection.phase != .closing,
            connection.output.count <= configuration.maximumOutputBytes,
            let frame = takeReady(connection, now)
        {
            connection.pendingBytes -= frame.count
            frame.withByteView { bytes in
                var reader = JuteReader(bytes)
                guard let header = try? reader.readRequestHeader() else { return }
                carryOut(
                    connection, header, OpCode(rawValue: header.type), &reader, now, &effects)
            }
        }
    }

    /// The request that is next, if nothing holds it up any more.
    private func takeReady(_ connection: Connection, _ now: Now) -> [UInt8]? {
        switch connection.pending.first {
        case .request(let frame, let receivedAt):
            connection.pending.removeFirst()
            statistics.readLatency.add(
                milliseconds: (now.monotonic - receivedAt).wholeMilliseconds)
            return frame
        case .sync(let number, let frame, _) where number <= connection.confirmedSync:
            connection.pending.removeFirst()
            connection.isSyncing = false
            unblock(connection)
            return frame
        case .sync, .write, .handshake, nil: return nil
        }
    }

    // MARK: Replies

    /// Sends a header alone.
    func reply(
        _ connection: Connection, xid: Int32, _ error: ErrorCode, _ now: Now,
        _ effects: inout Effects
    ) {
        connection.output.writeEmptyReply(xid: xid, zxid: lastProcessedZxid, error: error)
        countReply(connection, bytes: 16, now: now)
        connection.statistics.lastXid = xid
        markOutput(connection, &effects.output)
    }

    @inline(__always)
    func countReply(_ connection: Connection, bytes: Int, now: Now) {
        statistics.countResponse(bytes: bytes)
        connection.statistics.sent += 1
        connection.statistics.lastZxid = lastProcessedZxid
        connection.statistics.lastResponseMilliseconds = now.wallMilliseconds
    }

    @inline(__always)
    func countLatency(_ connection: Connection, since receivedAt: Instant, _ now: Now) {
        let milliseconds = (now.monotonic.nanoseconds - receivedAt.nanoseconds) / 1_000_000
        statistics.updateLatency.add(milliseconds: milliseconds)
        statistics.latency.add(milliseconds: milliseconds)
        connection.statistics.latency.add(milliseconds: milliseconds)
    }

    // MARK: Authentication

    private func handleAuth(
        _ connection: Connection, _ header: RequestHeader, _ reader: inout JuteReader,
        _ effects: inout Effects
    ) {
        guard let request = try? reader.readAuthRequest() else {
            return close(connection, .malformed("auth request"), &effects)
        }
        let scheme = request.scheme.text
        let isAccepted =
            request.credential.count <= Connection.maximumCredentialBytes
            && authenticate(connection, scheme, request.credential)
        // A scheme that is not known is the client's own text, which does not go to the log.
        let known = scheme == "digest" || scheme == "ip" ? scheme : "unknown"
        effects.notices.append(
            .authentication(connection.address, scheme: known, accepted: isAccepted))
        connection.output.writeEmptyReply(
            xid: header.xid, zxid: .zero, error: isAccepted ? .ok : .authFailed)
        markOutput(connection, &effects.output)
        if !isAccepted {
            statistics.authenticationFailures += 1
            close(connection, .authenticationFailed, &effects)
        }
    }

    private func authenticate(
        _ connection: Connection, _ scheme: String, _ credential: ByteView
    ) -> Bool {
        switch scheme {
        case "digest" where configuration.digestEnabled:
            let id = DigestScheme.identity(
                credential: credential, algorithm: configuration.digestAlgorithm)
            if let superDigest = configuration.superDigest, id == superDigest {
                connection.isSuper = true
                _ = connection.addIdentity(Identity(scheme: "super", id: ""))
            }
            return connection.addIdentity(Identity(scheme: "digest", id: id))
        case "ip":
            return connection.addIdentity(Identity(scheme: "ip", id: connection.address.host))
        default: return false
        }
    }

    private func passesEnforcedAuth(_ connection: Connection) -> Bool {
        let schemes = configuration.enforcedAuthSchemes
        return schemes.isEmpty || connection.identities.contains { schemes.contains($0.scheme) }
    }

    private func refuseUnauthenticated(
        _ connection: Connection, _ header: RequestHeader, _ effects: inout Effects
    ) {
        connection.output.writeEmptyReply(
            xid: header.xid, zxid: .zero, error: .sessionClosedRequireSASLAuth)
        markOutput(connection, &effects.output)
        close(connection, .authenticationFailed, &effects)
    }
}

extension Connection {
    /// Identities of one connection: far above what any client has; each costs memory, and time in
    /// every check.
    static let maximumIdentities = 64
    /// Of one `auth` request.
    static let maximumCredentialBytes = 4096

    /// - Returns: false if it has too many already.
    func addIdentity(_ identity: Identity) -> Bool {
        if identities.contains(identity) { return true }
        guard identities.count < Connection.maximumIdentities else { return false }
        identities.append(identity)
        return true
    }
}

extension OpCode {
    /// Whether a client's request of this kind becomes a transaction.
    var isWrite: Bool {
        switch self {
        case .create, .create2, .createContainer, .createTTL, .delete, .setData, .setACL, .multi,
            .reconfig, .closeSession:
            true
        case .notification, .exists, .getData, .getACL, .getChildren, .sync, .ping, .getChildren2,
            .check, .checkWatches, .removeWatches, .deleteContainer, .multiRead, .auth,
            .setWatches, .sasl, .getEphemerals, .getAllChildrenNumber, .setWatches2, .addWatch,
            .whoAmI, .createSession, .error:
            false
        }
    }

    /// What `cons` prints as the last operation.
    var shortName: String {
        switch self {
        case .create, .create2, .createContainer, .createTTL: "CREA"
        case .delete, .deleteContainer: "DELE"
        case .exists: "EXIS"
        case .getData: "GETD"
        case .setData: "SETD"
        case .getACL: "GETA"
        case .setACL: "SETA"
        case .getChildren, .getChildren2: "GETC"
        case .getAllChildrenNumber: "GETACN"
        case .getEphemerals: "GETE"
        case .sync: "SYNC"
        case .ping: "PING"
        case .check: "CHEC"
        case .multi: "MULT"
        case .multiRead: "MLTR"
        case .checkWatches: "CHKW"
        case .removeWatches: "REMW"
        case .setWatches: "SETW"
        case .setWatches2: "STW2"
        case .addWatch: "ADDW"
        case .whoAmI: "HOMI"
        case .reconfig: "RECO"
        case .createSession: "SESS"
        case .closeSession: "CLOS"
        case .notification, .auth, .sasl, .error: "NA"
        }
    }
}

extension Optional<OpCode> {
    /// Whether a server that has no leader has to refuse it (Apache `ReadOnlyRequestProcessor`). A
    /// local session can be ended by the server that has it.
    @inline(__always)
    fileprivate func needsLeader(isLocal: Bool) -> Bool {
        switch self {
        case .sync, .check, .deleteContainer: true
        case .closeSession: !isLocal
        case .some(let operation): operation.isWrite
        case nil: false
        }
    }
}
