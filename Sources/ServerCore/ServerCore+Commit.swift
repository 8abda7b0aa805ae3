// From committed to visible: a transaction is applied, the watches it fires are sent, and then its
// client has the reply.

import DataTree
import ZKWire
import Zab

extension ServerCore {
    /// A learner that is far behind is brought up by transactions of which it is not known yet that
    /// they are committed: nobody is told of those.
    func applyCommitted(_ now: Now, _ effects: inout Effects) {
        let assured = peer.assured
        var hasApplied = false
        while let slot = peer.nextCommitted() {
            if slot.zxid > assured { endClients(.treeReplaced, &effects) }
            apply(slot, now, &effects)
            hasApplied = true
        }
        if hasApplied { preparer.overlay.applied(lastProcessedZxid) }
    }

    private func apply(_ slot: History.Slot, _ now: Now, _ effects: inout Effects) {
        var reader = JuteReader(slot.payload)
        let header: TxnHeader
        let txn: Txn
        do throws(DecodeError) {
            header = try reader.readTxnHeader()
            txn = try reader.readTxn(type: header.type)
        } catch {
            // Encoded by this process, or looked at when it came (`hasReadableTxn`).
            preconditionFailure("transaction \(slot.zxid) cannot be decoded: \(error)")
        }
        replyBody.removeAll()
        let isMulti = header.type == OpCode.multi.rawValue
        var observer = CommitObserver(core: self, isMulti: isMulti, zxid: header.zxid)
        swap(&observer.output, &effects.output)
        tree.apply(header, txn, observer: &observer)
        swap(&observer.output, &effects.output)
        checkDigest(header.zxid, &reader, now, &effects)
        statistics.commits += 1
        if hasLed { proposed.remove(bytes: slot.entry.length) }
        if isTreeWorthKeeping, snapshotDue.count(bytes: slot.entry.length, now: now.monotonic)
        {
            effects.isSnapshotDue = true
        }
        if isMulti { replyBody.writeMultiHeader(type: -1, isDone: true, error: -1) }
        guard header.session != .none, let session = sessions[header.session] else { return }
        let isOwed = session.connection.map { answer(header, observer.error, $0, now, &effects) }
        switch txn {
        case .createSession: noteGlobal(session)
        case .closeSession:
            if isLeader, configuration.areSessionsLocal { ended.add(session.id, at: now.monotonic) }
            end(session, isOwnRequest: isOwed ?? false, &effects)
        default: break
        }
    }

    /// The reply that the client of a transaction has been waiting for, then the reads behind it.
    /// - Returns: whether it is the one that this connection's client waits for.
    private func answer(
        _ header: TxnHeader, _ error: Int32, _ connection: Connection, _ now: Now,
        _ effects: inout Effects
    ) -> Bool {
        guard case .write(let write)? = connection.pending.first, write.became(header) else {
            return false
        }
        connection.pending.removeFirst()
        outstanding.remove(bytes: write.bytes)
        countLatency(connection, since: write.receivedAt, now)
        connection.statistics.lastOperation = write.operation.shortName
        if write.operation == .createSession {
            finishHandshake(connection, now, &effects)
        } else {
            let output = connection.output
            let start = output.beginFrame()
            output.writeReplyHeader(xid: write.xid, zxid: header.zxid, error: error)
            if error == 0 { output.writeRaw(replyBody.view) }
            output.endFrame(start)
            connection.statistics.lastXid = write.xid
            countReply(connection, bytes: output.count - start - 4, now: now)
            markOutput(connection, &effects.output)
        }
        if !connection.pending.isEmpty { drainPending(connection, now, &effects) }
        return true
    }

    /// Nothing more of the session is carried out.
    func end(
        _ session: SessionTracker.Session, isOwnRequest: Bool, _ effects: inout Effects
    ) {
        sessions.close(session.id)
        guard let connection = session.connection else { return }
        close(connection, isOwnRequest ? .sessionClosed : .sessionExpired, &effects)
    }
}

/// Turns what happens to the tree into watch events and the body of the reply.
struct CommitObserver: TreeObserver {
    // SAFETY: lives within one call of the core's own method.
    unowned(unsafe) let core: ServerCore
    let isMulti: Bool
    let zxid: Zxid
    /// Connections that got something, as in `Effects`.
    var output: [Connection] = []
    /// The reply's error; a multi's parts carry their own.
    var error: Int32 = 0

    init(core: ServerCore, isMulti: Bool, zxid: Zxid) {
        self.core = core
        self.isMulti = isMulti
        self.zxid = zxid
    }

    mutating func nodeCreated(path: ByteView, acl: ACLID, parentACL: ACLID) {
        guard !core.watches.isEmpty else { return }
        core.watches.nodeCreated(path) { fire($0, $1, $2, $2.isEqual(to: path) ? acl : parentACL) }
    }

    mutating func nodeDeleted(path: ByteView, acl: ACLID, parentACL: ACLID) {
        guard !core.watches.isEmpty else { return }
        core.watches.nodeDeleted(path) { fire($0, $1, $2, $2.isEqual(to: path) ? acl : parentACL) }
    }

    mutating func nodeDataChanged(path: ByteView, acl: ACLID) {
        guard !core.watches.isEmpty else { return }
        core.watches.nodeDataChanged(path) { fire($0, $1, $2, acl) }
    }

    /// Sends an event to one watcher, unless the znode's list keeps it from knowing (C-13).
    private mutating func fire(
        _ id: ConnectionID, _ event: EventType, _ path: ByteView, _ acl: ACLID
    ) {
        guard let connection = core.connections[id], connection.phase != .closing,
            core.access.permits(.read, acl, core.tree, connection)
        else { return }
        connection.output.writeWatchEvent(event, path: path, zxid: zxid)
        core.statistics.packetsSent += 1
        connection.statistics.sent += 1
        core.markOutput(connection, &output)
    }

    mutating func applied(type: Int32, path: ByteView, stat: Stat?, error: Int32) {
        if isMulti {
            appliedPart(type, path, stat, error)
        } else {
            self.error = error
            writeResult(type, path, stat)
        }
    }

    private mutating func appliedPart(
        _ type: Int32, _ path: ByteView, _ stat: Stat?, _ error: Int32
    ) {
        let body = core.replyBody
        if type == OpCode.error.rawValue {
            body.writeMultiError(error)
        } else {
            // Clients know results of create and create2 only (Apache `OpResult.CreateResult`).
            let isCreated = [OpCode.createContainer.rawValue, OpCode.createTTL.rawValue]
                .contains(type)
            let shown = isCreated ? OpCode.create2.rawValue : type
            body.writeMultiHeader(type: shown, isDone: false, error: 0)
            writeResult(type, path, stat)
        }
    }

    private func writeResult(_ type: Int32, _ path: ByteView, _ stat: Stat?) {
        let body = core.replyBody
        switch OpCode(rawValue: type) {
        case .create: body.writeBuffer(path)
        case .create2, .createContainer, .createTTL:
            body.writeBuffer(path)
            if let stat { body.writeStat(stat) }
        case .setData, .setACL:
            if let stat { body.writeStat(stat) }
        default: break
        }
    }
}
