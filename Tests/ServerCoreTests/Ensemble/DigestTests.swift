import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

@Suite("Digests of the tree in an ensemble")
struct DigestTests {
    @Test("what the leader states is what every member comes to", arguments: 0..<12)
    func forecast(seed: UInt64) {
        let cluster = Cluster.serving(voters: 3, observers: 1)
        var traffic = DigestTraffic(seed: seed, cluster)
        for _ in 0..<250 { traffic.step() }
        cluster.settle()
        for member in cluster.members {
            #expect(member.core.statistics.digestMismatches == 0)
            #expect(member.core.tree.digestValue == cluster[1].core.tree.digestValue)
            let bare = member.disk.records.filter { $0.digest?.version != NodeDigest.version }
            #expect(bare.isEmpty)
        }
        cluster.expectSameTrees()
    }

    @Test("it goes on to be what they come to through elections", arguments: 0..<4)
    func elections(seed: UInt64) {
        let cluster = Cluster.serving(voters: 3)
        var traffic = DigestTraffic(seed: 100 + seed, cluster)
        for round in 0..<4 {
            for _ in 0..<60 { traffic.step() }
            guard let leader = cluster.leader else { continue }
            if round % 2 == 0 { leader.crash() } else { leader.step(.zab(.handOver)) }
            cluster.runUntilServing()
            if !leader.isUp { leader.restart() }
            cluster.runUntilServing()
            traffic.connect()
        }
        cluster.settle()
        for member in cluster.members { #expect(member.core.statistics.digestMismatches == 0) }
        cluster.expectSameTrees()
    }

    @Test("every 128th digest is kept")
    func log() {
        let cluster = Cluster.serving(voters: 3)
        let client = cluster.followers[0].connect()
        for round in 0..<300 { client.create("/n\(round)") }
        for member in cluster.members {
            let log = member.core.digestLog
            #expect(log.map { $0.zxid.rawValue % 128 } == [0, 0])
            #expect(log == cluster[1].core.digestLog)
        }
    }

    @Test("a server alone, and one that has them switched off, states none")
    func none() {
        let harness = CoreHarness()
        harness.connect().create("/a")
        #expect(!harness.core.tree.isDigestKept)
        let cluster = Cluster.serving(voters: 3) { $0.isTreeDigestEnabled = false }
        cluster[1].connect().create("/a")
        let stated = cluster[1].disk.records.compactMap(\.digest)
        #expect(stated.isEmpty)
        #expect(!cluster[1].core.tree.isDigestKept)
    }

    // MARK: Trees that differ

    @Test("a follower whose memory failed says so, and is back with the tree of its disk")
    func reloaded() {
        let cluster = Cluster.serving(voters: 3)
        let client = cluster.leader?.connect()
        client?.create("/a", "x")
        let follower = cluster.followers[0]
        follower.core.tree.corrupt("/a")
        client?.create("/b")
        #expect(follower.core.statistics.digestMismatches == 1)
        #expect(follower.hasAlarm)
        cluster.runUntilServing()
        client?.create("/c")
        #expect(follower.core.statistics.digestMismatches == 1)
        #expect(follower.isServing)
        #expect(follower.connect().get("/a")?.read { try? $0.readString() } == "x")
        cluster.expectSameTrees()
        for member in cluster.members where member !== follower { #expect(!member.hasAlarm) }
    }

    @Test("an observer does so too")
    func observer() {
        let cluster = Cluster.serving(voters: 3, observers: 1)
        let client = cluster.leader?.connect()
        client?.create("/a", "x")
        cluster[4].core.tree.corrupt("/a")
        client?.create("/b")
        #expect(cluster[4].hasAlarm)
        cluster.runUntilServing()
        client?.create("/c")
        #expect(cluster[4].isServing)
        cluster.expectSameTrees()
    }

    @Test("a leader that differs from all others stays the only one that serves until it goes")
    func leader() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let client = leader.connect(timeoutMilliseconds: 10_000)
        client.create("/a", "x")
        leader.core.tree.corrupt("/a")
        client.create("/b")
        cluster.runUntilServing()
        if let now = cluster.leader { now.connect().create("/c") }
        cluster.settle()
        #expect(cluster.leader != nil)
        let others = cluster.members.filter { $0 !== leader }
        for member in others { #expect(member.hasAlarm) }
        leader.crash()
        cluster.runUntilServing()
        leader.restart()
        cluster.runUntilServing()
        cluster.leader?.connect().create("/d")
        cluster.settle()
        for member in cluster.members { #expect(member.isTakingRequests) }
        cluster.expectSameTrees()
    }

    @Test("a leader that does not come to what it stated hands over and loads its tree again")
    func leaderOwn() {
        let cluster = Cluster.serving(voters: 3)
        guard let leader = cluster.leader else { return }
        let client = leader.connect(timeoutMilliseconds: 10_000)
        client.create("/a", "x")
        client.send(.create) { $0.writeCreate("/b", "") }
        leader.core.tree.corrupt("/a")
        cluster.settle()
        #expect(leader.hasAlarm)
        cluster.run(milliseconds: 3000)
        cluster.runUntilServing()
        #expect(cluster.leader !== leader)
        cluster.leader?.connect().create("/c")
        cluster.run(milliseconds: 1000)
        cluster.leader?.connect().create("/d")
        cluster.runUntilServing()
        for member in cluster.members { #expect(member.isTakingRequests) }
        cluster.expectSameTrees()
    }
}

/// Requests of every kind that changes the tree, of clients of all members, many in flight at once.
struct DigestTraffic {
    private let cluster: Cluster
    private var random: SplitMix
    private var clients: [TestClient] = []
    private let names = ["a", "b", "c"]

    init(seed: UInt64, _ cluster: Cluster) {
        self.cluster = cluster
        random = SplitMix(seed: seed)
        connect()
    }

    mutating func connect() {
        clients = cluster.members.map { $0.connect(timeoutMilliseconds: 8000) }
    }

    mutating func step() {
        switch random.below(20) {
        case 0..<2: cluster.settle()
        case 2..<6: for _ in 0..<random.below(20) { cluster.happen(&random) }
        case 6: cluster.run(milliseconds: 20)
        case 7 where random.chance(30): leave()
        default: for _ in 0..<(1 + random.below(4)) { send(operation()) }
        }
    }

    /// Its ephemerals go with it.
    private mutating func leave() {
        let index = random.below(clients.count)
        clients[index].send(.closeSession)
        cluster.settle()
        clients[index] = cluster.members[index].connect(timeoutMilliseconds: 8000)
    }

    private mutating func send(_ operation: RandomOperation) {
        clients[random.below(clients.count)].send(operation.type) { operation.encode(into: $0) }
    }

    private mutating func operation() -> RandomOperation {
        if random.chance(25) {
            return .multi((0..<(1 + random.below(5))).map { _ in part() })
        }
        return random.chance(12) ? .setACL(path(), version: -1) : part()
    }

    private mutating func part() -> RandomOperation {
        let data = [UInt8](repeating: UInt8(random.below(256)), count: random.below(40))
        switch random.below(100) {
        case 0..<40:
            let modes: [CreateMode] = [
                .persistent, .persistent, .ephemeral, .persistentSequential, .ephemeralSequential,
            ]
            let mode = modes[random.below(modes.count)]
            return .create(path(), data, mode, withStat: random.chance(50))
        case 40..<45: return .createContainer(path())
        case 45..<65: return .delete(path(), version: -1)
        case 65..<70: return .check(path(), version: -1)
        case 70..<75: return .setData("/", data, version: -1)
        default: return .setData(path(), data, version: random.chance(80) ? -1 : 0)
        }
    }

    private mutating func path() -> String {
        let top = random.chance(8) ? "/zookeeper" : ""
        return (0..<(1 + random.below(3))).reduce(into: top) { path, _ in
            path += "/" + names[random.below(names.count)]
        }
    }
}

extension DataTree {
    /// What a failing memory may do: a field of a znode is another, and nobody is told.
    func corrupt(_ path: String) {
        path.withByteView { path in
            guard let ref = find(path) else { return }
            let stat = persistedStat(of: ref)
            let header = TxnHeader(
                session: .none, cxid: 0, zxid: lastProcessedZxid, time: stat.mtime,
                type: OpCode.setData.rawValue)
            var nobody = NoObserver()
            apply(
                header, .setData(path: path, data: path, version: stat.version), observer: &nobody)
        }
    }
}

extension StandInDisk {
    /// The creation of `path` is that of one with other data.
    mutating func corrupt(_ path: String) {
        for index in records.indices {
            let writer = ByteWriter()
            records[index].payload.withByteView { bytes in
                guard let payload = try? ProposalPayload(bytes),
                    case .create(var create) = payload.txn,
                    path.withByteView({ create.path.isEqual(to: $0) })
                else { return }
                create.data = create.path
                writer.writeTxnHeader(payload.header)
                writer.writeCreateTxn(create)
            }
            if writer.count > 0 {
                records[index] = Record(zxid: records[index].zxid, payload: writer.bytes)
            }
        }
    }
}

extension StandInDisk.Record {
    /// What was stated with it.
    var digest: TxnDigest? {
        payload.withByteView { (try? ProposalPayload($0))?.digest }
    }
}

extension Member {
    var hasAlarm: Bool {
        notices.contains { if case .digestMismatch = $0 { true } else { false } }
    }

    /// Whether a client of this server is served.
    var isTakingRequests: Bool { connect().exists("/")?.error == .ok }
}
