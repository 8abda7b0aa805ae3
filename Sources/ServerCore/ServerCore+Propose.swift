// From a request to a proposal in flight.

import DataTree
import ZKWire
import Zab

extension ServerCore {
    /// Validates a client's write and proposes the transaction, or the error that it ends in: an
    /// error takes a zxid and its place in the order like everything else.
    func propose(
        _ operation: OpCode, _ body: inout JuteReader, _ connection: Connection?, xid: Int32,
        _ now: Now, _ effects: inout Effects
    ) {
        let zxid = pipeline.nextZxid
        let session = connection?.session ?? .none
        let payloads = pipeline.open.payloads
        let offset = payloads.count
        var header = TxnHeader(
            session: session, cxid: xid, zxid: zxid, time: now.wallMilliseconds,
            type: operation.rawValue)
        payloads.writeTxnHeader(header)
        do throws(ErrorCode) {
            try preparer.prepare(
                operation, &body,
                RequestPreparer.Context(
                    connection: connection, session: session, zxid: zxid,
                    wallMilliseconds: now.wallMilliseconds),
                into: payloads)
            try checkSize(payloads.count - offset, session, zxid, &effects)
        } catch {
            payloads.truncate(to: offset)
            header.type = OpCode.error.rawValue
            payloads.writeTxnHeader(header)
            payloads.writeErrorTxn(error.rawValue)
        }
        if !preparer.quotaNotices.isEmpty {
            effects.notices += preparer.quotaNotices
            preparer.quotaNotices.removeAll()
        }
        launch(operation, zxid, offset, connection, session, xid, now, &effects)
    }

    /// Proposes a transaction of the server's own making.
    func proposeOwn(
        _ operation: OpCode, session: SessionID, connection: Connection?, xid: Int32 = 0,
        _ now: Now, _ effects: inout Effects, _ write: (ByteWriter) -> Void
    ) {
        let zxid = pipeline.nextZxid
        let payloads = pipeline.open.payloads
        let offset = payloads.count
        payloads.writeTxnHeader(
            TxnHeader(
                session: session, cxid: xid, zxid: zxid, time: now.wallMilliseconds,
                type: operation.rawValue))
        write(payloads)
        launch(operation, zxid, offset, connection, session, xid, now, &effects)
    }

    /// Ends a session: its ephemerals, those in flight too, go with it. A list that would not fit
    /// one transaction is deleted ahead, in transactions of its own.
    func proposeCloseSession(
        _ id: SessionID, _ connection: Connection?, xid: Int32, _ now: Now,
        _ effects: inout Effects
    ) {
        var paths = ephemerals(of: id)
        var bytes = paths.reduce(0) { $0 + $1.count + 4 }
        while bytes > configuration.maximumTxnBytes - 64, let path = paths.popLast() {
            bytes -= path.count + 4
            proposeOwn(.delete, session: id, connection: nil, now, &effects) { txn in
                path.withByteView { txn.writeDeleteTxn(path: $0) }
            }
            noteDeletion(of: path)
        }
        proposeOwn(.closeSession, session: id, connection: connection, xid: xid, now, &effects) {
            txn in
            txn.writeInt32(Int32(paths.count))
            for path in paths { txn.writeBuffer(path) }
        }
        for path in paths { noteDeletion(of: path) }
    }

    /// The paths that `id` will own when everything in flight is applied.
    private func ephemerals(of id: SessionID) -> [[UInt8]] {
        var paths: [[UInt8]] = []
        tree.forEachEphemeral(of: id) { paths.append([UInt8]($0)) }
        guard !preparer.overlay.isEmpty else { return paths }
        var known = Set(paths)
        var gone: Set<[UInt8]> = []
        preparer.overlay.forEachPath { path, record in
            let isOwned = record.exists && record.ephemeralOwner == id.rawValue
            if isOwned, known.insert(path).inserted { paths.append(path) }
            if !isOwned, known.contains(path) { gone.insert(path) }
        }
        return gone.isEmpty ? paths : paths.filter { !gone.contains($0) }
    }

    /// Brings the future state up to a deletion that the server itself just proposed.
    private func noteDeletion(of path: [UInt8]) {
        path.withByteView { view in
            guard let (parentPath, _) = PathRules.split(view),
                let parent = try? preparer.futureRecord(parentPath),
                let node = try? preparer.futureRecord(view)
            else { return }
            preparer.noteDeletion(of: view, node, parentPath, parent, pipeline.lastProposed)
        }
    }

    private func launch(
        _ operation: OpCode, _ zxid: Zxid, _ offset: Int, _ connection: Connection?,
        _ session: SessionID, _ xid: Int32, _ now: Now, _ effects: inout Effects
    ) {
        let batch = pipeline.open
        pipeline.propose(zxid, from: offset) { entry in
            Pipeline.InFlight(
                batch: batch, entry: entry, connection: connection, session: session, xid: xid,
                operation: operation, receivedAt: now.monotonic)
        }
        connection?.pending.append(.commit(zxid))
        statistics.proposals += 1
        if pipeline.open.sizeBytes >= ServerCore.handOverBytes, let full = pipeline.takeBatch() {
            effects.append.append(full)
        }
    }

    /// Proposals that are handed over before the turn ends, so that the log writes them while the
    /// rest of the turn is prepared: about what a disk syncs in the time that this takes.
    private static let handOverBytes = 64 * 1024

    private func checkSize(
        _ bytes: Int, _ session: SessionID, _ zxid: Zxid, _ effects: inout Effects
    ) throws(ErrorCode) {
        guard bytes > configuration.maximumTxnBytes else { return }
        preparer.overlay.undo(zxid)
        effects.notices.append(
            .txnTooLarge(session: session, bytes: bytes, limit: configuration.maximumTxnBytes))
        throw .badArguments
    }

    func handleTurnEnded(_ effects: inout Effects) {
        closeOverflowing(&effects)
        if let batch = pipeline.takeBatch() { effects.append.append(batch) }
    }
}
