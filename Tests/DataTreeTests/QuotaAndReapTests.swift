import DataTree
import Testing
import ZKWire

@Suite("Quotas")
struct QuotaTests {
    private let tree = DataTree(seed: 1)

    private func create(_ path: String, _ data: String = "", _ history: inout History) {
        let parent = String(path[..<path.lastIndex(of: "/")!])
        let txn = TestCreate(
            path: path, data: Array(data.utf8), parentCVersion: tree.nextCVersion(parent))
        tree.apply(history.add(.create) { txn.encode(into: $0) })
        tree.checkInvariants()
    }

    private func setQuota(_ path: String, _ limits: String, _ history: inout History) {
        let base = "/zookeeper/quota" + path
        create(base, "", &history)
        create(base + "/zookeeper_limits", limits, &history)
        create(base + "/zookeeper_stats", "count=0,bytes=0", &history)
    }

    private func stats(_ path: String) -> String? {
        tree.data("/zookeeper/quota" + path + "/zookeeper_stats")
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private func verdict(
        _ path: String, bytes: Int64 = 0, count: Int64 = 0, inFlight: QuotaUse = QuotaUse()
    ) -> QuotaVerdict {
        guard let quota = path.withByteView({ tree.quota(covering: $0) }) else { return .within }
        let change = QuotaUse(znodes: count, bytes: bytes)
        return tree.verdict(on: quota, adding: change, inFlight: inFlight)
    }

    @Test("the stats follow creations, deletions and changes of data at and below the path")
    func stats() {
        var history = History()
        create("/a", "1234", &history)
        create("/a/b", "56", &history)
        setQuota("/a", "count=3,bytes=10", &history)
        #expect(stats("/a") == "count=2,bytes=6")
        create("/a/b/c", "789", &history)
        #expect(stats("/a") == "count=3,bytes=9")
        tree.apply(history.add(.setData) { $0.writeSetData("/a", [1], version: 1) })
        #expect(stats("/a") == "count=3,bytes=6")
        tree.apply(history.add(.setData) { $0.writeSetData("/a", nil, version: 2) })
        #expect(stats("/a") == "count=3,bytes=5")
        tree.apply(history.add(.delete) { $0.writeDelete("/a/b/c") })
        #expect(stats("/a") == "count=2,bytes=2")
        create("/ab", "xxx", &history)
        #expect(stats("/a") == "count=2,bytes=2")
        #expect(tree.stat("/zookeeper/quota/a/zookeeper_stats")?.version == 0)
    }

    @Test("the longest path with limits counts")
    func nesting() {
        var history = History()
        create("/a", "", &history)
        create("/a/b", "", &history)
        setQuota("/a", "count=3,bytes=10", &history)
        create("/zookeeper/quota/a/b", "", &history)
        create("/zookeeper/quota/a/b/zookeeper_limits", "count=1", &history)
        create("/zookeeper/quota/a/b/zookeeper_stats", "", &history)
        create("/a/b/c", "12", &history)
        create("/a/d", "1", &history)
        #expect(stats("/a/b") == "count=2,bytes=2")
        #expect(stats("/a") == "count=3,bytes=1")
        for name in ["zookeeper_limits", "zookeeper_stats"] {
            tree.apply(history.add(.delete) { $0.writeDelete("/zookeeper/quota/a/b/" + name) })
        }
        create("/a/b/e", "12", &history)
        #expect(stats("/a") == "count=4,bytes=3")
    }

    @Test("hard limits refuse, soft limits warn, and a hard limit takes the soft one's place")
    func verdicts() {
        var history = History()
        create("/a", "1234", &history)
        #expect(verdict("/a/b", bytes: 1000, count: 1000) == .within)
        setQuota("/a", "count=2,bytes=10=;byteHardLimit=20", &history)
        #expect(verdict("/a/b", bytes: 5, count: 1) == .within)
        #expect(verdict("/a/b", bytes: 16, count: 1) == .within)
        #expect(verdict("/a/b", bytes: 17, count: 1) == .hardExceeded)
        #expect(verdict("/a/b", bytes: 1, count: 2) == .softExceeded)
        #expect(verdict("/a/b", bytes: 17, count: 2) == .hardExceeded)
        #expect(verdict("/b", bytes: 17, count: 2) == .within)
        let limits = Array("count=-1,bytes=-1=;countHardLimit=1".utf8)
        let path = "/zookeeper/quota/a/zookeeper_limits"
        tree.apply(history.add(.setData) { $0.writeSetData(path, limits, version: 1) })
        #expect(verdict("/a", bytes: 1_000_000) == .within)
        #expect(verdict("/a/b", count: 1) == .hardExceeded)
        #expect(verdict("/a/b", count: 1, inFlight: QuotaUse(znodes: -1)) == .within)
    }

    @Test("limits are read as Apache writes them, and nonsense is no limit")
    func limits() {
        func limits(_ text: String) -> QuotaLimits { text.withByteView { QuotaLimits($0) } }
        let full = limits("count=4,bytes=5=;byteHardLimit=10;countHardLimit=20")
        #expect(full.count == 4 && full.bytes == 5)
        #expect(full.byteHardLimit == 10 && full.countHardLimit == 20)
        #expect(limits("").count == -1 && limits("count=,bytes=x").bytes == -1)
    }

    @Test("a client's write to the stats does not change the counts")
    func clientWritesStats() {
        var history = History()
        create("/a", "1", &history)
        setQuota("/a", "count=9", &history)
        let path = "/zookeeper/quota/a/zookeeper_stats"
        tree.apply(history.add(.setData) { $0.writeSetData(path, [1, 2, 3], version: 1) })
        #expect(stats("/a") == "count=1,bytes=1")
        tree.checkInvariants()
    }
}

@Suite("Containers and TTLs")
struct ReapTests {
    private let tree = DataTree(seed: 1)

    private func create(_ path: String, _ kind: CreateTxn.Kind, _ history: inout History) {
        let parent = String(path[..<path.lastIndex(of: "/")!])
        let txn = TestCreate(path: path, kind: kind, parentCVersion: tree.nextCVersion(parent))
        tree.apply(history.add(txn.op) { txn.encode(into: $0) })
    }

    private func candidates(now: Int64, neverUsed: Int64 = 0) -> [String] {
        var paths: [String] = []
        tree.reapCandidates(now: now, neverUsedMilliseconds: neverUsed) { paths.append($0.text) }
        return paths.sorted()
    }

    @Test("a container is reaped once its last child is gone, or never used for long enough")
    func containers() {
        var history = History(startingAfter: 0)
        create("/used", .container, &history)
        create("/unused", .container, &history)
        create("/used/child", .persistent, &history)
        let now = History.time(of: 100)
        #expect(candidates(now: now) == [])
        #expect(candidates(now: now, neverUsed: 98) == [])
        #expect(candidates(now: now, neverUsed: 97) == ["/unused"])
        tree.apply(history.add(.delete) { $0.writeDelete("/used/child") })
        #expect(candidates(now: now) == ["/used"])
        tree.apply(history.add(.deleteContainer) { $0.writeDelete("/used") })
        #expect(candidates(now: now) == [])
    }

    @Test("a TTL znode is reaped when it has no children and was not changed for its TTL")
    func ttls() {
        var history = History(startingAfter: 0)
        create("/t", .ttl(milliseconds: 50), &history)
        let created = History.time(of: 1)
        #expect(candidates(now: created + 50) == [])
        #expect(candidates(now: created + 51) == ["/t"])
        tree.apply(history.add(.setData) { $0.writeSetData("/t", [], version: 1) })
        #expect(candidates(now: created + 51) == [])
        create("/t/child", .persistent, &history)
        #expect(candidates(now: created + 1000) == [])
        tree.apply(history.add(.delete) { $0.writeDelete("/t/child") })
        #expect(candidates(now: created + 1000) == ["/t"])
    }
}
