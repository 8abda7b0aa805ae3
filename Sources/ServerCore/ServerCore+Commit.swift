// From durable to visible: a committed transaction is applied, the watches it fires are sent, and
// then its client has the reply.

import DataTree
import ZKWire
import Zab

extension ServerCore {
    func handleAppended(upTo zxid: Zxid, _ now: Now, _ effects: inout Effects) {
        pipeline.appended(upTo: zxid)
        while let proposal = pipeline.nextCommitted() {
            apply(proposal, now, &effects)
        }
        preparer.overlay.applied(lastProcessedZxid)
        resumeHeldBack(now, &effects)
    }

    private func apply(_ proposal: Pipeline.InFlight, _ now: Now, _ effects: inout Effects) {
        var reader = JuteReader(proposal.batch.payload(proposal.entry))
        let header: TxnHeader
        let txn: Txn
        do throws(DecodeError) {
            header = try reader.readTxnHeader()
            txn = try reader.readTxn(type: header.type)
        } catch {
            // These bytes were encoded by this process.
            preconditionFailure("proposal \(proposal.entry.zxid) cannot be decoded: \(error)")
        }
        replyBody.removeAll()
        let isMulti = header.type == OpCode.multi.rawValue
        var observer = CommitObserver(core: self, isMulti: isMulti, zxid: header.zxid)
        swap(&observer.effects, &effects)
        tree.apply(header, txn, observer: &observer)
        swap(&observer.effects, &effects)
        statistics.commits += 1
        if snapshotDue.count(bytes: proposal.entry.length) { effects.isSnapshotDue = true }
        if isMulti { replyBody.writeMultiHeader(type: -1, isDone: true, error: -1) }
        if let connection = proposal.connection {
            answer(proposal, observer.error, connection, now, &effects)
            if connection.phase == .closing { finishResumption(proposal, now, &effects) }
        }
        if case .closeSession = txn { endConnection(of: header.session, proposal, &effects) }
    }

    /// The reply that the client of a proposal has been waiting for, then the reads behind it.
    private func answer(
        _ proposal: Pipeline.InFlight, _ error: Int32, _ connection: Connection, _ now: Now,
        _ effects: inout Effects
    ) {
        guard connection.phase != .closing, case .commit(let owed)? = connection.pending.first
        else { return }
        precondition(owed == proposal.entry.zxid, "\(proposal.entry.zxid) before \(owed)")
        connection.pending.removeFirst()
        countLatency(connection, since: proposal.receivedAt, now)
        connection.statistics.lastOperation = proposal.operation.shortName
        if proposal.operation == .createSession {
            finishHandshake(connection, now, &effects)
        } else {
            let output = connection.output
            let start = output.beginFrame()
            output.writeReplyHeader(xid: proposal.xid, zxid: proposal.entry.zxid, error: error)
            if error == 0 { output.writeRaw(replyBody.view) }
            output.endFrame(start)
            connection.statistics.lastXid = proposal.xid
            countReply(connection, bytes: output.count - start - 4, now: now)
            markOutput(connection, &effects)
        }
        if !connection.pending.isEmpty { drainPending(connection, now, &effects) }
    }

    // MARK: Sessions

    /// The connection that asked for this is gone. If the session goes on by another one and this
    /// was the last that was in flight, that one may read now.
    private func finishResumption(
        _ proposal: Pipeline.InFlight, _ now: Now, _ effects: inout Effects
    ) {
        guard let connection = sessions[proposal.session]?.connection,
            case .handshake(let zxid)? = connection.pending.first, zxid <= proposal.entry.zxid
        else { return }
        connection.pending.removeFirst()
        finishHandshake(connection, now, &effects)
        drainPending(connection, now, &effects)
    }

    private func endConnection(
        of id: SessionID, _ proposal: Pipeline.InFlight, _ effects: inout Effects
    ) {
        guard let session = sessions.close(id), let connection = session.connection else { return }
        let isOwnRequest = proposal.connection === connection
        close(connection, isOwnRequest ? .sessionClosed : .sessionExpired, &effects)
    }
}

/// Turns what happens to the tree into watch events and the body of the reply.
struct CommitObserver: TreeObserver {
    // SAFETY: lives within one call of the core's own method.
    unowned(unsafe) let core: ServerCore
    let isMulti: Bool
    let zxid: Zxid
    var effects = Effects()
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
        core.markOutput(connection, &effects)
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
