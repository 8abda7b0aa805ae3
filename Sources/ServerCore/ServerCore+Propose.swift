// From a request to a proposal in flight.

import DataTree
import ZKWire
import Zab

extension ServerCore {
    /// Proposes what a client of this server, the leader, asks for.
    func propose(
        _ operation: OpCode, _ body: inout JuteReader, _ connection: Connection,
        _ session: SessionTracker.Session, xid: Int32, _ now: Now, _ effects: inout Effects
    ) {
        switch operation {
        case .createSession: proposeCreateSession(session, xid: xid, now, &effects)
        case .closeSession: proposeCloseSession(session, xid: xid, now, &effects)
        default:
            do throws(ErrorCode) {
                try take(session, at: configuration.serverID)
                propose(
                    operation, &body, .client(connection), session.id, isLocal: session.isLocal,
                    xid: xid, now, &effects)
            } catch {
                proposeError(error, session.id, xid: xid, now, &effects)
            }
        }
        session.lastProposed = lastProposed
    }

    /// Validates a write and proposes the transaction, or the error that it ends in: an error takes a
    /// zxid and its place in the order like everything else.
    /// - Parameter isLocal: the session is known only to the server that its client is connected to.
    func propose(
        _ operation: OpCode, _ body: inout JuteReader, _ requester: Requester,
        _ session: SessionID, isLocal: Bool = false, xid: Int32, _ now: Now,
        _ effects: inout Effects
    ) {
        guard isLeader else { return }
        prepareForecast()
        let zxid = peer.nextZxid
        let payloads = peer.payloads
        let offset = payloads.count
        payloads.writeTxnHeader(
            TxnHeader(
                session: session, cxid: xid, zxid: zxid, time: now.wallMilliseconds,
                type: operation.rawValue))
        do throws(ErrorCode) {
            try preparer.prepare(
                operation, &body,
                RequestPreparer.Context(
                    requester: requester, session: session, isLocal: isLocal, zxid: zxid,
                    wallMilliseconds: now.wallMilliseconds),
                into: payloads)
            try checkSize(payloads.count - offset, session, zxid, &effects)
            launch(zxid, from: offset, &effects)
        } catch {
            payloads.truncate(to: offset)
            proposeError(error, session, xid: xid, now, &effects)
        }
        if !preparer.quotaNotices.isEmpty {
            effects.notices += preparer.quotaNotices
            preparer.quotaNotices.removeAll()
        }
    }

    func proposeError(
        _ error: ErrorCode, _ session: SessionID, xid: Int32, _ now: Now, _ effects: inout Effects
    ) {
        proposeOwn(.error, session: session, xid: xid, now, &effects) {
            $0.writeErrorTxn(error.rawValue)
        }
    }

    /// Proposes a transaction of the server's own making.
    func proposeOwn(
        _ operation: OpCode, session: SessionID, xid: Int32 = 0, _ now: Now,
        _ effects: inout Effects, _ write: (ByteWriter) -> Void
    ) {
        guard isLeader else { return }
        prepareForecast()
        let zxid = peer.nextZxid
        let payloads = peer.payloads
        let offset = payloads.count
        payloads.writeTxnHeader(
            TxnHeader(
                session: session, cxid: xid, zxid: zxid, time: now.wallMilliseconds,
                type: operation.rawValue))
        write(payloads)
        launch(zxid, from: offset, &effects)
    }

    func proposeCreateSession(
        _ session: SessionTracker.Session, xid: Int32, _ now: Now, _ effects: inout Effects
    ) {
        let timeout = session.timeoutMilliseconds
        proposeOwn(.createSession, session: session.id, xid: xid, now, &effects) {
            $0.writeCreateSessionTxn(timeoutMilliseconds: timeout)
        }
        session.lastProposed = lastProposed
    }

    /// Ends a session whose client asks for it or is dead.
    func proposeCloseSession(
        _ session: SessionTracker.Session, xid: Int32, _ now: Now, _ effects: inout Effects
    ) {
        session.isClosing = true
        proposeCloseSession(session.id, xid: xid, now, &effects)
        session.lastProposed = lastProposed
    }

    /// The session's ephemerals, those in flight too, go with it. A list that would not fit one
    /// transaction is deleted ahead, in transactions of their own, which are no request's.
    func proposeCloseSession(
        _ id: SessionID, xid: Int32, _ now: Now, _ effects: inout Effects
    ) {
        var paths = ephemerals(of: id)
        var bytes = paths.reduce(0) { $0 + $1.count + 4 }
        while bytes > configuration.maximumTxnBytes - 64, let path = paths.popLast() {
            bytes -= path.count + 4
            proposeOwn(.delete, session: .none, now, &effects) { txn in
                path.withByteView { txn.writeDeleteTxn(path: $0) }
                noteDeletion(of: path)
            }
        }
        proposeOwn(.closeSession, session: id, xid: xid, now, &effects) { txn in
            txn.writeInt32(Int32(paths.count))
            for path in paths {
                txn.writeBuffer(path)
                noteDeletion(of: path)
            }
        }
    }

    /// The paths that `id` will own when everything in flight is applied.
    private func ephemerals(of id: SessionID) -> [[UInt8]] {
        var paths: [[UInt8]] = []
        tree.forEachEphemeral(of: id) { paths.append([UInt8]($0)) }
        guard !preparer.overlay.isEmpty else { return paths }
        var known = Set(paths)
        var gone: Set<[UInt8]> = []
        preparer.overlay.forEachPath { path, record in
            let isOwned = record.exists && record.stat.ephemeralOwner == id.rawValue
            if isOwned, known.insert(path).inserted { paths.append(path) }
            if !isOwned, known.contains(path) { gone.insert(path) }
        }
        return gone.isEmpty ? paths : paths.filter { !gone.contains($0) }
    }

    /// Brings the future state up to a deletion that the server itself is about to propose.
    private func noteDeletion(of path: [UInt8]) {
        path.withByteView { view in
            guard let (parentPath, _) = PathRules.split(view),
                let parent = try? preparer.futureRecord(parentPath),
                let node = try? preparer.futureRecord(view)
            else { return }
            preparer.noteDeletion(of: view, node, parentPath, parent, peer.nextZxid)
        }
    }

    /// While nothing is in flight the forecast is what the tree has, whatever was stated before.
    @inline(__always)
    private func prepareForecast() {
        if tree.isDigestKept, peer.outstandingCount == 0 { preparer.beginForecast() }
    }

    @inline(__always)
    private func launch(_ zxid: Zxid, from offset: Int, _ effects: inout Effects) {
        if let forecast = preparer.forecast {
            peer.payloads.writeTxnDigest(forecast.txnDigest)
        }
        let size = peer.payloads.count
        peer.propose(from: offset)
        lastProposed = zxid
        proposed.add(bytes: size - offset)
        statistics.countProposal(bytes: size - offset)
        if size >= ServerCore.handOverBytes {
            flushPeer(&effects)
        }
    }

    /// Proposals so far leave, and so do commits.
    func flushPeer(_ effects: inout Effects) {
        peer.flush(into: &effects.zab)
        guard isLeader, !peer.canPropose else { return }
        // The epoch's zxids are used up: the rest of the turn waits for the next one.
        isServing = false
        isLeader = false
    }

    /// Proposals that are handed over before the turn ends, so that the log writes them while the
    /// rest of the turn is prepared: about what a disk syncs in the time that this takes.
    private static let handOverBytes = 64 * 1024

    private func checkSize(
        _ bytes: Int, _ session: SessionID, _ zxid: Zxid, _ effects: inout Effects
    ) throws(ErrorCode) {
        guard bytes > configuration.maximumTxnBytes else { return }
        preparer.undo(zxid)
        effects.notices.append(
            .txnTooLarge(session: session, bytes: bytes, limit: configuration.maximumTxnBytes))
        throw .badArguments
    }

    func handleTurnEnded(_ now: Now, _ effects: inout Effects) {
        closeOverflowing(&effects)
        flushPeer(&effects)
        if peer.role != role { followPeer(now, &effects) }
    }
}
