// The first message of a connection: a four-letter word, or the connect request that opens or
// resumes a session.

import ZKWire
import Zab

extension ServerCore {
    package static let fourLetterWords: Set<String> = [
        "conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "hash", "isro", "mntr", "ruok",
        "srst", "srvr", "stat", "stmk", "wchc", "wchp", "wchs",
    ]

    enum WordVerdict {
        case noWord
        /// More bytes belong to it.
        case incomplete
        /// The shell answers it; nothing else is read.
        case taken
    }

    func handleFourLetterWord(
        _ connection: Connection, _ bytes: ByteView, _ effects: inout Effects
    ) -> WordVerdict {
        let word = bytes[view: 0..<4].text
        guard ServerCore.fourLetterWords.contains(word) else { return .noWord }
        var request = FourLetterRequest(connection: connection.id, word: word, argument: nil)
        if word == "stmk" {
            guard bytes.count >= 12 else { return .incomplete }
            request.argument = Int64(
                bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: Int64.self))
        }
        statistics.packetsReceived += 1
        connection.phase = .closing
        effects.fourLetterWords.append(request)
        return .taken
    }

    func handleConnectRequest(
        _ connection: Connection, _ frame: ByteView, _ now: Now, _ effects: inout Effects
    ) {
        var reader = JuteReader(frame)
        let request: ConnectRequest
        do throws(DecodeError) {
            request = try reader.readConnectRequest()
        } catch {
            return close(connection, .malformed("connect request \(error)"), &effects)
        }
        statistics.connectionRequests += 1
        connection.hasReadOnlyByte = request.hasReadOnlyByte
        guard !isReadOnly || request.acceptsReadOnly else {
            return close(connection, .readOnly, &effects)
        }
        guard request.lastZxidSeen <= lastProcessedZxid else {
            effects.notices.append(
                .clientZxidAhead(
                    connection.address, seen: request.lastZxidSeen, own: lastProcessedZxid))
            return close(connection, .clientZxidAhead, &effects)
        }
        connection.timeoutMilliseconds = min(
            max(request.timeoutMilliseconds, configuration.minimumSessionTimeoutMilliseconds),
            configuration.maximumSessionTimeoutMilliseconds)
        if request.session == .none {
            openSession(connection, now, &effects)
        } else {
            resumeSession(connection, request, now, &effects)
        }
    }

    private func openSession(_ connection: Connection, _ now: Now, _ effects: inout Effects) {
        let id = nextSession
        nextSession = SessionID(rawValue: id.rawValue + 1)
        connection.session = id
        connection.phase = .connecting
        if configuration.areSessionsLocal { return openLocalSession(connection, now, &effects) }
        guard !isReadOnly else { return close(connection, .readOnly, &effects) }
        let session = sessions.open(
            id, timeoutMilliseconds: connection.timeoutMilliseconds,
            awake: clock.awake(now.monotonic))
        session.connection = connection
        // What a client would send if it asked for this as for everything else; a learner's asks its
        // leader so.
        let frame = ByteWriter(capacity: 64)
        frame.writeInt32(0)
        frame.writeInt32(OpCode.createSession.rawValue)
        frame.writeInt32(connection.timeoutMilliseconds)
        var body = JuteReader(frame.view)
        guard let header = try? body.readRequestHeader() else { return }
        submit(
            connection, session, frame.view, header, .createSession, &body, now, &effects)
    }

    private func resumeSession(
        _ connection: Connection, _ request: ConnectRequest, _ now: Now, _ effects: inout Effects
    ) {
        guard SessionPassword.isValid(request.password, for: request.session) else {
            return refuse(connection, request.session, &effects)
        }
        guard !isReadOnly || canResumeReadOnly(request.session) else {
            return close(connection, .readOnly, &effects)
        }
        connection.session = request.session
        connection.phase = .connecting
        connection.pending.append(.handshake)
        revalidate(connection, now, &effects)
    }

    /// Finds out whether the session lives that the client comes with; the leader knows.
    func revalidate(_ connection: Connection, _ now: Now, _ effects: inout Effects) {
        if let session = sessions[connection.session], session.isLocal {
            return resumeLocalSession(session, connection, now, &effects)
        }
        guard !isReadOnly else { return refuse(connection, connection.session, &effects) }
        guard isLeader else { return askLeader(about: connection, &effects) }
        guard let session = sessions[connection.session], !session.isClosing else {
            guard !peer.configuration.isAlone else {
                return refuse(connection, connection.session, &effects)
            }
            return askWhetherLeading(before: .refusal(connection.id), now, &effects)
        }
        attach(connection, to: session.id, now, &effects)
        session.owner = configuration.serverID
        // What the client sent by its older connection may still be in flight: it must not read a
        // state from before it here.
        if session.lastProposed > lastProcessedZxid {
            afterApply.add(.handshake(connection.id), after: session.lastProposed)
        } else {
            connection.pending.removeFirst()
            finishHandshake(connection, now, &effects)
        }
    }

    /// The session goes on by this connection.
    func attach(
        _ connection: Connection, to id: SessionID, _ now: Now, _ effects: inout Effects
    ) {
        statistics.connectionsRevalidated += 1
        let session = sessions.open(
            id, timeoutMilliseconds: connection.timeoutMilliseconds,
            awake: clock.awake(now.monotonic))
        if let older = session.connection, older !== connection {
            close(older, .sessionReconnected, &effects)
        }
        session.connection = connection
    }

    func refuse(_ connection: Connection, _ session: SessionID, _ effects: inout Effects) {
        connection.output.writeFrame(
            .refused(isReadOnly: isReadOnly), hasReadOnlyByte: connection.hasReadOnlyByte)
        markOutput(connection, &effects.output)
        effects.notices.append(.invalidSession(session, connection.address))
        close(connection, .sessionInvalid, &effects)
    }

    /// The session is there: the client may know it.
    func finishHandshake(_ connection: Connection, _ now: Now, _ effects: inout Effects) {
        connection.phase = .open
        sessions[connection.session]?.hasUnanswered = false
        unblock(connection)
        connection.output.writeFrame(
            ConnectResponse(
                timeoutMilliseconds: connection.timeoutMilliseconds, session: connection.session,
                password: SessionPassword.password(for: connection.session),
                isReadOnly: isReadOnly),
            hasReadOnlyByte: connection.hasReadOnlyByte)
        connection.statistics.lastOperation = "SESS"
        countReply(connection, bytes: 41, now: now)
        markOutput(connection, &effects.output)
    }
}
