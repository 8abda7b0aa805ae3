import DataTree
import Snapshot
import ZKWire

/// Trees and transactions for measurements.
enum SampleTree {
    /// Znodes directly below the root, a thousand of them or more with the same value.
    static func make(znodes: Int, value: [UInt8]) -> DataTree {
        let tree = DataTree(seed: 1)
        let payload = ByteWriter()
        let acl = ByteWriter()
        acl.writeACL(ACLEntry.openUnsafe)
        for number in 0..<znodes {
            payload.removeAll()
            writeHeader(.create, zxid: Int64(number + 1), into: payload)
            path(number).withByteView { path in
                value.withByteView { value in
                    payload.writeCreateTxn(
                        CreateTxn(
                            path: path, data: value, acl: acl.view, kind: .persistent,
                            parentCVersion: Int32(number + 1)))
                }
            }
            apply(payload.view, to: tree)
        }
        return tree
    }

    static func path(_ number: Int) -> String { "/znode-\(number)" }

    /// A set, as batches have it.
    static func writeSet(
        _ number: Int, value: [UInt8], version: Int32, zxid: Int64, into payload: ByteWriter
    ) {
        writeHeader(.setData, zxid: zxid, into: payload)
        paths[number].withByteView { path in
            value.withByteView {
                payload.writeSetDataTxn(path: path, data: $0, version: version)
            }
        }
    }

    static func apply(_ payload: ByteView, to tree: DataTree) {
        var reader = JuteReader(payload)
        var observer = NoObserver()
        do throws(DecodeError) {
            let header = try reader.readTxnHeader()
            tree.apply(header, try reader.readTxn(type: header.type), observer: &observer)
        } catch {
            preconditionFailure("a transaction does not decode: \(error)")
        }
    }

    static func writeSnapshot(of tree: DataTree, on disk: MemoryDisk) {
        do throws(SnapshotError) {
            var writer = try SnapshotWriter(
                disk, directory: "snapshot", startZxid: tree.lastProcessedZxid,
                origin: SnapshotOrigin(ensembleID: 1, generation: 1))
            let piece = ByteWriter(capacity: 516 << 10)
            let walk = tree.beginWalk(into: piece)
            var hasMore = true
            while hasMore {
                hasMore = walk.next(maximumBytes: 512 << 10, maximumNodes: 4096, into: piece)
                try writer.append(piece.view)
                piece.removeAll()
            }
            _ = try writer.finish(
                SnapshotEnd(
                    endZxid: tree.lastProcessedZxid, chain: 0,
                    znodeCount: UInt64(walk.visitedCount),
                    sessionCount: UInt64(tree.sessions.count)))
        } catch {
            preconditionFailure("a disk in memory failed: \(error)")
        }
    }

    /// So that making a transaction allocates nothing.
    private static let paths = (0..<1000).map(path)

    private static func writeHeader(_ operation: OpCode, zxid: Int64, into payload: ByteWriter) {
        payload.writeTxnHeader(
            TxnHeader(
                session: SessionID(rawValue: 0), cxid: 1, zxid: Zxid(rawValue: zxid),
                time: 1_700_000_000_000, type: operation.rawValue))
    }
}
