// The first message of a connection: a four-letter word, or the connect request that opens or
// resumes a session.

import ZKWire
import Zab

extension ServerCore {
    private static let fourLetterWords: Set<String> = [
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
        let session = sessions.open(
            id, timeoutMilliseconds: connection.timeoutMilliseconds,
            awake: clock.awake(now.monotonic))
        session.connection = connection
        let timeout = connection.timeoutMilliseconds
        proposeOwn(.createSession, session: id, connection: connection, now, &effects) {
            $0.writeCreateSessionTxn(timeoutMilliseconds: timeout)
        }
        session.lastProposed = pipeline.lastProposed
    }

    private func resumeSession(
        _ connection: Connection, _ request: ConnectRequest, _ now: Now, _ effects: inout Effects
    ) {
        guard let session = sessions[request.session], !session.isClosing,
            SessionPassword.isValid(request.password, for: request.session)
        else {
            connection.output.writeFrame(
                .refused(isReadOnly: false), hasReadOnlyByte: connection.hasReadOnlyByte)
            markOutput(connection, &effects)
            effects.notices.append(.invalidSession(request.session, connection.address))
            return close(connection, .sessionInvalid, &effects)
        }
        statistics.connectionsRevalidated += 1
        if let older = session.connection, older !== connection {
            close(older, .sessionReconnected, &effects)
        }
        session.connection = connection
        session.timeoutMilliseconds = connection.timeoutMilliseconds
        session.touch(clock.awake(now.monotonic))
        connection.session = session.id
        if session.lastProposed > lastProcessedZxid {
            // What the client sent by its older connection is still in flight: it must not read a
            // state from before it here.
            connection.phase = .connecting
            connection.pending.append(.handshake(after: session.lastProposed))
        } else {
            finishHandshake(connection, now, &effects)
        }
    }

    /// The session is there: the client may know it.
    func finishHandshake(_ connection: Connection, _ now: Now, _ effects: inout Effects) {
        connection.phase = .open
        connection.output.writeFrame(
            ConnectResponse(
                timeoutMilliseconds: connection.timeoutMilliseconds, session: connection.session,
                password: SessionPassword.password(for: connection.session), isReadOnly: false),
            hasReadOnlyByte: connection.hasReadOnlyByte)
        connection.statistics.lastOperation = "SESS"
        countReply(connection, bytes: 41, now: now)
        markOutput(connection, &effects)
    }
}
