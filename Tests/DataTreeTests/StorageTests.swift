import DataTree
import Testing
import ZKWire

@Suite("Tree storage")
struct StorageTests {
    private func create(_ path: String, in tree: DataTree, _ history: inout History) {
        let parent = String(path[..<path.lastIndex(of: "/")!])
        let txn = TestCreate(path: path, parentCVersion: tree.nextCVersion(parent))
        tree.apply(history.add(.create) { txn.encode(into: $0) })
    }

    @Test("the index finds every path while it grows, and after half of them are gone")
    func indexGrowth() {
        let tree = DataTree(seed: 1)
        var history = History()
        let count = 30_000
        for number in 0..<count {
            create("/n\(number)", in: tree, &history)
            if number % 1000 == 0 { #expect(tree.find("/n\(number / 2)") != nil) }
        }
        for number in 0..<count where number % 2 == 0 {
            tree.apply(history.add(.delete) { $0.writeDelete("/n\(number)") })
        }
        var wrong = 0
        for number in 0..<count where (tree.find("/n\(number)") == nil) != (number % 2 == 0) {
            wrong += 1
        }
        #expect(wrong == 0)
        // Numbers and memory of the deleted ones are used again.
        for number in 0..<count where number % 2 == 0 { create("/n\(number)", in: tree, &history) }
        tree.checkInvariants()
        #expect(tree.nodeCount == count + 5)
    }

    @Test("a parent with one hundred thousand children, deleted from the middle out")
    func manyChildren() {
        let tree = DataTree(seed: 2)
        var history = History()
        create("/p", in: tree, &history)
        let count = 100_000
        for number in 0..<count { create("/p/\(number)", in: tree, &history) }
        let ref = tree.find("/p")!
        #expect(tree.childCount(of: ref) == count)
        let writer = ByteWriter()
        tree.writeChildren(of: ref, into: writer)
        #expect(writer.count == 4 + 4 * count + tree.childNamesSize(of: ref))
        for offset in 0..<(count / 2) {
            for number in [count / 2 + offset, count / 2 - 1 - offset] {
                tree.apply(history.add(.delete) { $0.writeDelete("/p/\(number)") })
            }
        }
        #expect(tree.childCount(of: ref) == 0)
        tree.checkInvariants()
    }

    @Test("a path of ten thousand levels is loaded, found, walked, and grows")
    func deepPath() throws {
        let levels = 10_000
        let deepest = String(repeating: "/d", count: levels)
        var loader = TreeLoader(seed: 3)
        try deepest.withByteView { (path: ByteView) throws(TreeLoadError) in
            for level in 0...levels {
                try loader.addNode(
                    path: path[view: 0..<(2 * level)], data: nil, acl: -1, stat: StorageTests.stat)
            }
        }
        let tree = try loader.finish(lastProcessedZxid: Zxid(rawValue: 1))
        let ref = try #require(tree.find(deepest))
        #expect(tree.path(ref) == deepest)
        #expect(tree.find(deepest + "/d") == nil)
        var history = History()
        create(deepest + "/end", in: tree, &history)
        let middle = try #require(tree.find(String(repeating: "/d", count: levels / 2)))
        #expect(tree.descendantCount(of: middle) == levels / 2 + 1)
        let loaded = try loadSnapshot(tree.snapshot(), zxid: tree.lastProcessedZxid)
        #expect(loaded.find(deepest + "/end") != nil && loaded.nodeCount == tree.nodeCount)
    }

    private static let stat = StatPersisted(
        czxid: Zxid(rawValue: 1), mzxid: Zxid(rawValue: 1), ctime: 1, mtime: 1, version: 0,
        cversion: 1, aversion: 0, ephemeralOwner: 0, pzxid: Zxid(rawValue: 1))

    @Test("names longer than a 16-bit length can say are kept")
    func longNames() throws {
        let tree = DataTree(seed: 4)
        var history = History()
        let long = "/" + String(repeating: "n", count: 1_000_000)
        create(long, in: tree, &history)
        create(long + "/" + String(repeating: "m", count: 70_000), in: tree, &history)
        tree.checkInvariants()
        #expect(tree.find(long) != nil)
        #expect(tree.find(long + "n") == nil && tree.find(String(long.dropLast())) == nil)
        #expect(tree.descendantCount(of: try #require(tree.find(long))) == 1)
    }

    @Test("paths that share a hash's worth of structure are told apart")
    func similarPaths() {
        let tree = DataTree(seed: 5)
        var history = History()
        for path in ["/a", "/a/b", "/ab", "/ab/b", "/b", "/b/a", "/a/b/c", "/a/bc"] {
            create(path, in: tree, &history)
        }
        for path in ["/a/a", "a", "/a/", "//a", "/b/a/b", "/abc", "a/b", "/a//b", "/A"] {
            #expect(tree.find(path) == nil, "\(path)")
        }
        #expect(tree.find("") == .root && tree.find("/") == .root)
    }

    @Test("2141: lists nobody has any more are given back, and those in use stay")
    func aclTable() throws {
        let tree = DataTree(seed: 6)
        var history = History()
        create("/kept", in: tree, &history)
        func acl(_ number: Int) -> [ACLEntry] {
            [ACLEntry(permissions: .all, identity: Identity(scheme: "digest", id: "u\(number)"))]
        }
        tree.apply(history.add(.setACL) { $0.writeSetACL("/kept", acl(-1), version: 1) })
        for number in 0..<10_000 {
            let txn = TestCreate(
                path: "/t", acl: acl(number), parentCVersion: tree.nextCVersion("/"))
            tree.apply(history.add(.create) { txn.encode(into: $0) })
            tree.apply(history.add(.delete) { $0.writeDelete("/t") })
        }
        tree.checkInvariants()
        let kept = tree.acl(of: try #require(tree.find("/kept")))
        #expect(tree.entries(of: kept) == acl(-1))
        #expect(kept.rawValue < 3000)
        var reader = JuteReader(tree.encodedACL(of: kept))
        #expect(try reader.readACL() == acl(-1))
        create("/t", in: tree, &history)
        #expect(tree.acl(of: try #require(tree.find("/t"))) == .open)
    }
}
