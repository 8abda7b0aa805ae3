// Bytes in: connections, frames, the connect request, and when to stop taking more.

import ZKWire
import Zab

extension ServerCore {
    /// Output of one connection above which its further requests wait: a client that does not read
    /// its replies holds back itself and nobody else.
    static let outputHighWaterBytes = 1_048_576
    /// Requests of one connection whose replies are owed, above which the rest of its input waits.
    static let maximumPendingPerConnection = 4096
    /// Bytes of such requests that wait behind a write: they are kept whole.
    static let pendingHighWaterBytes = 1_048_576

    func handleOpened(_ id: ConnectionID, _ address: PeerAddress, _ now: Now) {
        connections[id] = Connection(id: id, address: address, now: now)
    }

    /// The client went away: its session lives on until it expires or the client comes back.
    func handleClosed(_ id: ConnectionID, _ effects: inout Effects) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        connection.phase = .closing
        forgetPending(connection)
        watches.removeAll(id)
        guard let session = sessions[connection.session], session.connection === connection else {
            return
        }
        session.connection = nil
        if session.isLocal, session.isClosing { sessions.close(session.id) }
        if !isLeader { sessions.leave(session) }
    }

    func handleBytes(
        from id: ConnectionID, _ bytes: ByteView, _ now: Now, _ effects: inout Effects
    ) {
        guard let connection = connections[id], connection.phase != .closing else { return }
        statistics.bytesReceived += Int64(bytes.count)
        guard connection.input.count == 0, !connection.isHeldBack else {
            connection.input.writeRaw(bytes)
            guard connection.isHeldBack else {
                return processInput(of: connection, now, &effects)
            }
            return noteLife(of: connection, now)
        }
        let consumed = processFrames(of: connection, bytes, now, &effects)
        if consumed < bytes.count, connection.phase != .closing {
            connection.input.writeRaw(bytes[view: consumed..<bytes.count])
        }
    }

    func handleOutputDrained(_ id: ConnectionID, _ now: Now, _ effects: inout Effects) {
        guard let connection = connections[id], connection.isHeldBack else { return }
        resume(connection, now, &effects)
    }

    /// While a connection is not read, its client's pings are not seen, and that the client takes
    /// its replies is the sign that it lives. One that takes none for its whole time-out expires.
    func handleOutputReceived(_ id: ConnectionID, _ now: Now) {
        guard let connection = connections[id], connection.isHeldBack, connection.phase == .open
        else { return }
        noteLife(of: connection, now)
    }

    private func noteLife(of connection: Connection, _ now: Now) {
        sessions[connection.session]?.touch(clock.awake(now.monotonic))
    }

    /// Takes up what had to wait, as far as there is room now.
    func resumeHeldBack(_ now: Now, _ effects: inout Effects) {
        guard !heldBack.isEmpty, isAnswering,
            outstanding.count * 2 <= configuration.maximumOutstanding,
            outstanding.bytes * 2 <= configuration.maximumOutstandingBytes
        else { return }
        var turns = heldBack.count
        while turns > 0, hasRoom, let id = heldBack.popFirst() {
            turns -= 1
            guard let connection = connections[id], connection.isHeldBack else { continue }
            resume(connection, now, &effects)
        }
    }

    /// Whether requests are taken at all. What a leader's learners have in flight takes none of its
    /// own clients' room, and has its bound at each of them; the sum is bounded here too, since what
    /// closed connections asked for is still in flight.
    private var hasRoom: Bool {
        let count = configuration.maximumOutstanding
        let bytes = configuration.maximumOutstandingBytes
        return isAnswering && outstanding.count < count && outstanding.bytes < bytes
            && proposed.count < count * memberCount && proposed.bytes < bytes * memberCount
    }

    private func resume(_ connection: Connection, _ now: Now, _ effects: inout Effects) {
        guard canTakeRequest(connection) else {
            if !connection.isBlocked, !heldBack.contains(connection.id) {
                heldBack.append(connection.id)
            }
            return
        }
        connection.isHeldBack = false
        processInput(of: connection, now, &effects)
        if !connection.isHeldBack, connection.phase != .closing {
            effects.resumeReading.append(connection.id)
        }
    }

    private func processInput(of connection: Connection, _ now: Now, _ effects: inout Effects) {
        let consumed = processFrames(of: connection, connection.input.view, now, &effects)
        guard connection.phase != .closing else { return connection.input.removeAll() }
        connection.input.removeFirst(consumed)
        connection.input.shrink(to: 4096)
    }

    /// Handles every whole frame in `bytes`, as long as there is room.
    /// - Returns: the bytes that need not be kept.
    private func processFrames(
        of connection: Connection, _ bytes: ByteView, _ now: Now, _ effects: inout Effects
    ) -> Int {
        var offset = 0
        while connection.phase != .closing, bytes.count - offset >= 4 {
            // Words first: whoever looks after a server that is short of room has to get through.
            if connection.phase == .new {
                switch handleFourLetterWord(connection, bytes, &effects) {
                case .noWord: break
                case .incomplete: return offset
                case .taken: return bytes.count
                }
            }
            guard canTakeRequest(connection) else {
                if connection.phase == .new, isIdleTooLong(now) {
                    close(connection, .notServing, &effects)
                    break
                }
                // Not looked at yet, but a sign of life.
                noteLife(of: connection, now)
                holdBack(connection, &effects)
                break
            }
            let length = Int(
                Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
            guard length >= 0, length <= configuration.maximumRequestBytes else {
                close(
                    connection,
                    .tooLarge(bytes: length, limit: configuration.maximumRequestBytes), &effects)
                break
            }
            guard hasRoom(forRequestOf: length) else {
                holdBack(connection, &effects)
                break
            }
            guard bytes.count - offset - 4 >= length else { break }
            let frame = bytes[view: (offset + 4)..<(offset + 4 + length)]
            offset += 4 + length
            statistics.packetsReceived += 1
            connection.statistics.received += 1
            if connection.phase == .new {
                handleConnectRequest(connection, frame, now, &effects)
            } else {
                handleFrame(connection, frame, now, &effects)
            }
        }
        return offset
    }

    /// Connect requests need no room: a session may be about to expire for want of being resumed.
    @inline(__always)
    private func canTakeRequest(_ connection: Connection) -> Bool {
        switch connection.phase {
        case .open, .connecting: !connection.isBlocked && hasRoom(for: connection)
        case .new: isAnswering
        case .closing: false
        }
    }

    private func hasRoom(for connection: Connection) -> Bool {
        hasRoom && connection.output.count <= ServerCore.outputHighWaterBytes
            && connection.pending.count < ServerCore.maximumPendingPerConnection
            && connection.pendingBytes <= ServerCore.pendingHighWaterBytes
    }

    /// Whether a request of this length may be taken in; asked before it has come whole.
    private func hasRoom(forRequestOf length: Int) -> Bool {
        guard length > configuration.largeRequestBytes else { return true }
        let inFlight = outstanding.largeBytes
        return inFlight == 0 || inFlight + length <= configuration.maximumLargeBytes
    }

    private func holdBack(_ connection: Connection, _ effects: inout Effects) {
        connection.isHeldBack = true
        effects.pauseReading.append(connection.id)
        if !connection.isBlocked { heldBack.append(connection.id) }
    }

    /// What this connection alone waited for is over: its input has its turn with the others'.
    func unblock(_ connection: Connection) {
        if connection.isHeldBack { heldBack.append(connection.id) }
    }

    // MARK: Output

    /// Notes that the connection has something to send.
    @inline(__always)
    func markOutput(_ connection: Connection, _ output: inout [Connection]) {
        if !connection.isOutputListed {
            connection.isOutputListed = true
            output.append(connection)
        }
        if connection.output.count > configuration.maximumOutputBytes {
            overflowing.append(connection)
        }
    }

    /// Ends the connections of clients that let more pile up than they may. Not done at once: the
    /// watches that the connection leaves may be firing just now.
    func closeOverflowing(_ effects: inout Effects) {
        guard !overflowing.isEmpty else { return }
        for connection in overflowing where connection.phase != .closing {
            connection.output.removeAll()
            close(connection, .outputBound(bytes: configuration.maximumOutputBytes), &effects)
        }
        overflowing.removeAll()
    }

    /// Ends the connection after what is already in its output has been sent.
    func close(_ connection: Connection, _ reason: CloseReason, _ effects: inout Effects) {
        guard connection.phase != .closing else { return }
        connection.phase = .closing
        forgetPending(connection)
        connection.input.removeAll()
        if reason != .sessionClosed { statistics.connectionsDropped += 1 }
        watches.removeAll(connection.id)
        effects.close.append((connection.id, reason))
        effects.notices.append(.closed(connection.address, reason))
    }

    /// The replies that are still owed are not sent any more.
    private func forgetPending(_ connection: Connection) {
        var hasWrite = false
        for case .write(let write) in connection.pending {
            outstanding.remove(bytes: write.bytes)
            hasWrite = true
        }
        if hasWrite, let session = sessions[connection.session], session.isLocal {
            session.hasUnanswered = true
        }
        connection.pending.removeAll()
        connection.pendingBytes = 0
    }
}
