import DataTree
import Inspection
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// A data directory with something of everything in it, made by the server's own code with fixed
/// times and ids: two segments, a fuzzy snapshot, a multi, a failed multi, an error, sessions.
struct Scenario {
    static let root = "data"
    static let log = "data/zknode/log"
    static let snapshots = "data/zknode/snapshot"
    static let first = log + "/0000000100000001.log"
    static let second = log + "/000000010000000b.log"
    static let snapshot = snapshots + "/snapshot.100000007.lz4"
    static let one = SessionID(rawValue: 0x1_0000_2222_0000)
    static let two = SessionID(rawValue: 0x1_0000_2222_0001)

    let state: RecoveredState<SimulatedDisk>
    private var counter: UInt32 = 0

    /// - Parameter dataLog: another directory for the log.
    init(_ disk: SimulatedDisk, isCompressed: Bool = false, dataLog: String? = nil) throws {
        var configuration = RecoveryConfiguration(
            serverID: ServerID(rawValue: 0), newEnsembleID: 0xE5E5, seed: 1)
        configuration.segmentSizeBytes = 16 << 10
        configuration.isLogCompressed = isCompressed
        state = try Recovery(
            disk, DataDirectory(Self.root, dataLog: dataLog), configuration
        ).load()
    }

    /// The whole story, on a new disk.
    static func disk(
        isCompressed: Bool = false, dataLog: String? = nil
    ) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        var scenario = try Scenario(disk, isCompressed: isCompressed, dataLog: dataLog)
        try scenario.beforeSnapshot()
        try scenario.duringSnapshot()
        scenario.state.log.roll()
        try scenario.afterSnapshot()
        try scenario.state.log.close()
        scenario.state.lock.release()
        return disk
    }

    private mutating func beforeSnapshot() throws {
        try commit(.createSession, session: Self.one) {
            $0.writeCreateSessionTxn(timeoutMilliseconds: 30000)
        }
        try create("/app", "hello", .persistent, .create2, parent: 1)
        try create("/app/lock", "", .ephemeral, .create, session: Self.one, parent: 1)
        try create("/jobs", "", .container, .createContainer, parent: 2)
        try create("/tmp", "x", .ttl(milliseconds: 60000), .createTTL, parent: 3)
        try setData("/app", String(repeating: "hello again ", count: 40), version: 1)
        let acl = ByteWriter()
        acl.writeACL([
            ACLEntry(permissions: .all, identity: Identity(scheme: "digest", id: "user:hash=")),
            ACLEntry(permissions: .read, identity: .anyone),
        ])
        try commit(.setACL) { writer in
            "/app".withByteView { writer.writeSetACLTxn(path: $0, acl: acl.view, version: 1) }
        }
    }

    /// The walk stops half way for three transactions.
    private mutating func duringSnapshot() throws {
        let start = state.log.last
        let slice = ByteWriter()
        let origin = SnapshotOrigin(ensembleID: 0xE5E5, generation: 0)
        let sessions = UInt64(state.tree.sessions.count)
        var writer = try state.snapshots.begin(startZxid: start.zxid, origin: origin)
        let walk = state.tree.beginWalk(into: slice)
        _ = walk.next(maximumBytes: 1 << 20, maximumNodes: 3, into: slice)
        do {
            try multi(["/app/a", "/app/b"], fails: false)
            try multi(["/never"], fails: true)
            try commit(.error, session: Self.one) {
                $0.writeErrorTxn(ErrorCode.noNode.rawValue)
            }
            while walk.next(maximumBytes: 1 << 20, into: slice) {}
            try writer.append(slice.view)
        } catch {
            walk.end()
            throw error
        }
        _ = try writer.finish(
            SnapshotEnd(
                endZxid: state.log.lastZxid, chain: start.checksum,
                znodeCount: UInt64(walk.visitedCount), sessionCount: sessions))
    }

    private mutating func afterSnapshot() throws {
        try commit(.delete, session: Self.one) { writer in
            "/tmp".withByteView { writer.writeDeleteTxn(path: $0) }
        }
        try commit(.createSession, session: Self.two) {
            $0.writeCreateSessionTxn(timeoutMilliseconds: 10000)
        }
        try commit(.closeSession, session: Self.one) { writer in
            writer.writeInt32(1)
            writer.writeString("/app/lock")
        }
    }

    mutating func create(
        _ path: String, _ data: String, _ kind: CreateTxn.Kind, _ op: OpCode,
        session: SessionID = .none, parent: Int32
    ) throws {
        try commit(op, session: session) { Self.write(path, data, kind, parent: parent, into: $0) }
    }

    mutating func setData(_ path: String, _ data: String, version: Int32) throws {
        try commit(.setData, session: Self.one) { writer in
            path.withByteView { path in
                data.withByteView { data in
                    writer.writeSetDataTxn(path: path, data: data, version: version)
                }
            }
        }
    }

    private mutating func multi(_ paths: [String], fails: Bool) throws {
        let part = ByteWriter()
        try commit(.multi, session: Self.one) { writer in
            writer.writeInt32(Int32(paths.count + 1))
            for (index, path) in paths.enumerated() {
                part.removeAll()
                Self.write(path, "part", .persistent, parent: Int32(index + 2), into: part)
                writer.writeInt32(OpCode.create.rawValue)
                writer.writeBuffer(part.view)
            }
            part.removeAll()
            if fails {
                part.writeErrorTxn(ErrorCode.badVersion.rawValue)
            } else {
                "/app".withByteView { part.writeCheckVersionTxn(path: $0, version: 1) }
            }
            writer.writeInt32(fails ? OpCode.error.rawValue : OpCode.check.rawValue)
            writer.writeBuffer(part.view)
        }
    }

    private static func write(
        _ path: String, _ data: String, _ kind: CreateTxn.Kind, parent: Int32,
        into writer: ByteWriter
    ) {
        let list = ByteWriter()
        list.writeACL(ACLEntry.openUnsafe)
        path.withByteView { path in
            data.withByteView { data in
                writer.writeCreateTxn(
                    CreateTxn(
                        path: path, data: data, acl: list.view, kind: kind, parentCVersion: parent))
            }
        }
    }

    /// Logs and applies one transaction.
    mutating func commit(
        _ op: OpCode, session: SessionID = .none, _ encode: (ByteWriter) -> Void
    ) throws {
        counter += 1
        let zxid = Zxid(epoch: Epoch(rawValue: 1), counter: counter)
        let header = TxnHeader(
            session: session, cxid: Int32(counter), zxid: zxid,
            time: 1_700_000_000_000 + Int64(counter) * 1000, type: op.rawValue)
        let record = ByteWriter()
        record.writeTxnHeader(header)
        encode(record)
        let batch = TxnBatch()
        batch.append(zxid: zxid, payload: record.view)
        batch.freeze()
        _ = try state.log.append([batch])
        var reader = JuteReader(record.view[view: TxnHeader.encodedSize..<record.count])
        var nobody = NoObserver()
        state.tree.apply(header, try reader.readTxn(type: op.rawValue), observer: &nobody)
    }
}
