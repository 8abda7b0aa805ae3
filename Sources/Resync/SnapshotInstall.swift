// The learner's side of SNAP: the stream becomes a tree and a snapshot file side by side. Nothing of
// the server's own changes before `switchOver`, and then all of it at once (rule D7):
//
//  1. The file is complete, synced and named before `meta` says that the log stands on it.
//  2. `meta` is durable before the log lets go of what it had.
//  3. `isRecovering` is in `meta` all the while: what follows the snapshot on the wire makes it a
//     state that has existed, so that a crash before that leaves a server that asks again.

import DataTree
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// A snapshot on its way in. One thread at a time.
package struct SnapshotInstall<D: Disk>: ~Copyable {
    private let zxid: Zxid
    private let origin: SnapshotOrigin
    private var decoder: SnapshotStreamDecoder
    private var sink: TreeSink
    private var writer: SnapshotWriter<D>
    private var signature = SnapSignature()

    /// - Parameters:
    ///   - zxid: what the SNAP packet says.
    ///   - origin: the ensemble's id and the generation that begins with this snapshot.
    ///   - seed: of the tree's path hash.
    package init(
        _ store: SnapshotStore<D>, zxid: Zxid, origin: SnapshotOrigin, seed: UInt64,
        limits: SnapshotLimits = SnapshotLimits()
    ) throws(SyncError) {
        writer = try SnapshotInstall.begin(store, zxid, origin)
        self.zxid = zxid
        self.origin = origin
        decoder = SnapshotStreamDecoder(limits: limits, isWireForm: true)
        sink = TreeSink(seed: seed)
    }

    /// A file with the header that the wire's form lacks.
    private static func begin(
        _ store: SnapshotStore<D>, _ zxid: Zxid, _ origin: SnapshotOrigin
    ) throws(SyncError) -> SnapshotWriter<D> {
        do throws(SnapshotError) {
            var writer = try store.begin(startZxid: zxid, origin: origin)
            let header = ByteWriter(capacity: 16)
            header.writeInt32(SnapshotFormat.streamMagic)
            header.writeInt32(SnapshotFormat.streamVersion)
            header.writeInt64(SnapshotFormat.streamDatabaseID)
            try writer.append(header.view)
            return writer
        } catch {
            throw .snapshot(error)
        }
    }

    /// Takes what belongs to the snapshot off `input`.
    /// - Returns: whether it has ended; what is left of `input` are packets.
    package mutating func consume(_ input: inout ByteView) throws(SyncError) -> Bool {
        if !decoder.isThroughNodes {
            let taken = try decode(input)
            do throws(SnapshotError) {
                try writer.append(input[view: 0..<taken])
            } catch {
                throw .snapshot(error)
            }
            input = input[view: taken..<input.count]
        }
        guard decoder.isThroughNodes else { return false }
        do throws(DecodeError) {
            return try signature.take(&input)
        } catch {
            throw .badStream("\(error)")
        }
    }

    private mutating func decode(_ input: ByteView) throws(SyncError) -> Int {
        do throws(SnapshotFault) {
            return try decoder.consume(input, into: &sink)
        } catch {
            throw .badStream("\(error)")
        }
    }

    /// The stream has ended: makes the file durable and the tree whole.
    package consuming func finish() throws(SyncError) -> InstalledSnapshot {
        let end = SnapshotEnd(
            endZxid: zxid, chain: 0, znodeCount: decoder.znodeCount,
            sessionCount: decoder.sessionCount)
        let tree: DataTree
        do throws(TreeLoadError) {
            tree = try sink.finish(lastProcessedZxid: zxid)
        } catch {
            writer.abandon()
            throw .badStream("\(error)")
        }
        do throws(SnapshotError) {
            _ = try writer.finish(end)
        } catch {
            throw .snapshot(error)
        }
        return InstalledSnapshot(
            tree: tree,
            base: LogBase(
                generation: origin.generation, point: ChainPoint(zxid: zxid, checksum: 0)))
    }

    /// The link broke: nothing has changed, and the file goes.
    package consuming func abandon() { writer.abandon() }
}

/// A leader's state, on the disk and in memory, that is not this server's yet.
// SAFETY: `@unchecked`: the tree is handed from the thread that made it to the loop that will own it.
package struct InstalledSnapshot: @unchecked Sendable {
    package let tree: DataTree
    /// What the log stands on from now on.
    package let base: LogBase

    /// Makes it this server's: the log begins anew after it. On the log's thread.
    package func switchOver<D: Disk>(
        meta: inout MetaStore<D>, log: TxnLog<D>
    ) throws(SyncError) {
        guard var record = meta.record else { preconditionFailure("an open directory has meta") }
        precondition(record.isRecovering, "a snapshot is installed without the promise not to vote")
        record.baseGeneration = base.generation
        record.baseZxid = base.point.zxid.rawValue
        record.baseChecksum = base.point.checksum
        do throws(MetaError) {
            try meta.write(record)
        } catch {
            throw .meta(error)
        }
        do throws(TxnLogError) {
            try log.reset(to: base)
        } catch {
            throw .log(error)
        }
    }
}
