import DataTree
import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// A standalone server in small: makes valid transactions at random, logs each, applies it, and
/// writes fuzzy snapshots in between.
struct TestServer<D: Disk> {
    let state: RecoveredState<D>
    /// The tree after each transaction, if it is to be kept.
    var history: [Int64: [String]]?
    var random: SplitMix
    /// A leader's term; transactions are counted from 1 in a new one.
    var epoch = Epoch(rawValue: 0)
    private let record = ByteWriter()
    private var sessions: [SessionID] = []
    private var nextSession: Int64

    var tree: DataTree { state.tree }

    init(_ state: RecoveredState<D>, seed: UInt64) {
        self.state = state
        random = SplitMix(seed: seed)
        sessions = state.tree.sessions.all.map(\.id)
        // Ids of an earlier run are not used again.
        nextSession = 0x100_0000_0000_0001 + state.log.lastZxid.rawValue << 8
    }

    /// Logs and applies a transaction.
    mutating func commit(
        _ op: OpCode, session: SessionID = .none, _ encode: (ByteWriter) -> Void
    ) throws {
        let last = state.log.lastZxid
        let zxid = last.epoch < epoch ? Zxid(epoch: epoch, counter: 1) : last.next
        let header = TxnHeader(
            session: session, cxid: 1, zxid: zxid, time: 1_700_000_000_000 + zxid.rawValue,
            type: op.rawValue)
        record.removeAll()
        record.writeTxnHeader(header)
        encode(record)
        let batch = TxnBatch()
        batch.append(zxid: zxid, payload: record.view)
        batch.freeze()
        _ = try state.log.append([batch])
        var reader = JuteReader(record.view[view: TxnHeader.encodedSize..<record.count])
        var nobody = NoObserver()
        tree.apply(header, try reader.readTxn(type: header.type), observer: &nobody)
        if history != nil {
            let dump = tree.dump()
            history?[zxid.rawValue] = dump
        }
    }

    /// One random transaction.
    mutating func step() throws {
        switch random.below(100) {
        case 0..<40: try create()
        case 40..<55: try delete()
        case 55..<72: try setData()
        case 72..<80: try setACL()
        case 80..<86: try createSession()
        case 86..<90: try closeSession()
        case 90..<97: try multi()
        default: try commit(.error) { $0.writeErrorTxn(ErrorCode.noNode.rawValue) }
        }
    }

    mutating func run(_ steps: Int) throws {
        for _ in 0..<steps { try step() }
    }

    /// A snapshot whose walk goes on among `steps` random transactions per slice.
    @discardableResult
    mutating func snapshot(stepsPerSlice steps: Int = 3) throws -> SnapshotFooter {
        let start = state.log.last
        let slice = ByteWriter()
        let sessionCount = UInt64(tree.sessions.count)
        var writer = try state.snapshots.begin(startZxid: start.zxid, origin: origin)
        let walk = tree.beginWalk(into: slice)
        do {
            var hasMore = true
            while hasMore {
                hasMore = walk.next(maximumBytes: 200, maximumNodes: 4, into: slice)
                try writer.append(slice.view)
                slice.removeAll()
                if hasMore { try run(random.below(steps + 1)) }
            }
        } catch {
            walk.end()
            throw error
        }
        return try writer.finish(
            SnapshotEnd(
                endZxid: state.log.lastZxid, chain: start.checksum,
                znodeCount: UInt64(walk.visitedCount), sessionCount: sessionCount))
    }

    var origin: SnapshotOrigin {
        let meta = state.meta.record
        return SnapshotOrigin(
            ensembleID: meta?.ensembleID ?? 0, generation: meta?.baseGeneration ?? 0)
    }

    /// Ends the process in an orderly way.
    func stop() throws {
        try state.log.close()
        state.lock.release()
    }
}

extension TestServer {
    /// A znode of the clients', found by going down at random; nil if there is none.
    private mutating func somePath() -> String? {
        var path = ""
        while true {
            let children = children(path).filter { $0 != "zookeeper" }
            if children.isEmpty || (!path.isEmpty && random.chance(40)) { break }
            path += "/" + children[random.below(children.count)]
        }
        return path.isEmpty ? nil : path
    }

    private func find(_ path: String) -> NodeRef? { path.withByteView { tree.find($0) } }

    private func children(_ path: String) -> [String] {
        guard let ref = find(path) else { return [] }
        var names: [String] = []
        tree.forEachChild(of: ref) { names.append($0.text) }
        return names.sorted()
    }

    private mutating func someACL() -> [ACLEntry] {
        if random.chance(50) { return ACLEntry.openUnsafe }
        let user = Identity(scheme: "digest", id: "user\(random.below(40)):hash")
        return [ACLEntry(permissions: .all, identity: user)]
    }

    private mutating func create() throws {
        guard let create = try planCreate() else { return }
        let session = sessions.isEmpty ? .none : sessions[random.below(sessions.count)]
        let isEphemeral = session != .none && random.chance(40)
        try commit(.create2, session: isEphemeral ? session : .none) {
            create.encode(into: $0, kind: isEphemeral ? .ephemeral : .persistent)
        }
    }

    private mutating func planCreate() throws -> TestCreate? {
        var parent = random.chance(40) ? "" : somePath() ?? ""
        if let ref = find(parent), case .ephemeral = tree.kind(of: ref) { parent = "" }
        let path = parent + "/n\(random.below(6))"
        guard let ref = find(parent), find(path) == nil else { return nil }
        return TestCreate(
            path: path, data: [UInt8](repeating: UInt8(random.below(256)), count: random.below(90)),
            acl: someACL(), parentCVersion: tree.persistedStat(of: ref).cversion + 1)
    }

    private mutating func delete() throws {
        guard let path = somePath(), children(path).isEmpty else { return }
        try commit(.delete) { writer in path.withByteView { writer.writeDeleteTxn(path: $0) } }
    }

    private mutating func setData() throws {
        guard let path = somePath(), let ref = find(path) else { return }
        let version = tree.persistedStat(of: ref).version + 1
        let data = [UInt8](repeating: UInt8(random.below(256)), count: random.below(200))
        try commit(.setData) { writer in
            path.withByteView { path in
                data.withByteView {
                    writer.writeSetDataTxn(path: path, data: $0, version: version)
                }
            }
        }
    }

    private mutating func setACL() throws {
        guard let path = somePath(), let ref = find(path) else { return }
        let version = tree.persistedStat(of: ref).aversion + 1
        let acl = ByteWriter()
        acl.writeACL(someACL())
        try commit(.setACL) { writer in
            path.withByteView { writer.writeSetACLTxn(path: $0, acl: acl.view, version: version) }
        }
    }

    private mutating func createSession() throws {
        let session = SessionID(rawValue: nextSession)
        nextSession += 1
        sessions.append(session)
        try commit(.createSession, session: session) {
            $0.writeCreateSessionTxn(timeoutMilliseconds: 10000)
        }
    }

    private mutating func closeSession() throws {
        guard !sessions.isEmpty else { return }
        let session = sessions.remove(at: random.below(sessions.count))
        var paths: [String] = []
        tree.forEachEphemeral(of: session) { paths.append($0.text) }
        try commit(.closeSession, session: session) { writer in
            writer.writeInt32(Int32(paths.count))
            for path in paths { writer.writeString(path) }
        }
    }

    /// Creates, changes and perhaps deletes one znode, all at one zxid.
    private mutating func multi() throws {
        guard let create = try planCreate() else { return }
        let isGone = random.chance(30)
        let part = ByteWriter()
        try commit(.multi) { writer in
            func add(_ op: OpCode, _ encode: () -> Void) {
                part.removeAll()
                encode()
                writer.writeInt32(op.rawValue)
                writer.writeBuffer(part.view)
            }
            writer.writeInt32(isGone ? 3 : 2)
            add(.create) { create.encode(into: part, kind: .persistent) }
            create.path.withByteView { path in
                add(.setData) { part.writeSetDataTxn(path: path, data: path, version: 1) }
                if isGone { add(.delete) { part.writeDeleteTxn(path: path) } }
            }
        }
    }
}

struct TestCreate {
    let path: String
    let data: [UInt8]
    let acl: [ACLEntry]
    let parentCVersion: Int32

    func encode(into writer: ByteWriter, kind: CreateTxn.Kind) {
        let list = ByteWriter()
        list.writeACL(acl)
        path.withByteView { path in
            data.withByteView { data in
                writer.writeCreateTxn(
                    CreateTxn(
                        path: path, data: data, acl: list.view, kind: kind,
                        parentCVersion: parentCVersion))
            }
        }
    }
}

/// A small generator with a seed, for repeatable tests (Steele, Lea and Flood, OOPSLA 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}
