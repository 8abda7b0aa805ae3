import DataTree
import Testing
import ZKWire

@Suite("Walking and loading")
struct WalkAndLoadTests {
    private func tree(_ paths: [String]) -> (DataTree, History) {
        let tree = DataTree(seed: 1)
        var history = History()
        for path in paths { create(path, in: tree, &history) }
        return (tree, history)
    }

    private func create(_ path: String, in tree: DataTree, _ history: inout History) {
        let parent = String(path[..<path.lastIndex(of: "/")!])
        let txn = TestCreate(path: path, data: [1], parentCVersion: tree.nextCVersion(parent))
        tree.apply(history.add(.create) { txn.encode(into: $0) })
    }

    /// The paths in a stream of znodes.
    private func paths(_ writer: ByteWriter, from offset: Int) throws -> [String] {
        var reader = JuteReader(writer.view[view: offset..<writer.count])
        var paths: [String] = []
        while reader.remaining > 0 {
            paths.append(try reader.readString())
            guard paths.last != "/" else { break }
            _ = try reader.readNullableBuffer()
            _ = try reader.readInt64()
            _ = try reader.readStatPersisted()
        }
        return paths
    }

    @Test("the stream begins with the header, the sessions and the lists, as Apache's does")
    func streamHead() throws {
        let (tree, history) = tree([])
        var more = history
        tree.apply(
            more.add(.createSession, session: 0x1234) {
                $0.writeCreateSessionTxn(timeoutMilliseconds: 30_000)
            })
        let writer = ByteWriter()
        let walk = tree.beginWalk(into: writer)
        #expect(walk.startZxid.rawValue == more.zxid)
        let readable: [UInt8] =
            [0, 0, 0, 1, 0, 0, 0, 1] + [0, 0, 0, 5] + Array("world".utf8)
            + [0, 0, 0, 6] + Array("anyone".utf8)
        #expect(
            writer.bytes == Array("ZKSN".utf8) + [0, 0, 0, 2]
                + [UInt8](repeating: 0xFF, count: 8) + [0, 0, 0, 1]
                + [0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0x75, 0x30]
                + [0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 1] + readable)
        let headCount = writer.count
        #expect(!walk.next(maximumBytes: .max >> 1, into: writer))
        // The root: no name, empty data, list -1, a stat of zeros.
        #expect(
            Array(writer.bytes[headCount..<(headCount + 76)])
                == [UInt8](repeating: 0, count: 8) + [UInt8](repeating: 0xFF, count: 8)
                + [UInt8](repeating: 0, count: 60))
        #expect(writer.bytes.suffix(5) == [0, 0, 0, 1, UInt8(ascii: "/")])
        #expect(
            try paths(writer, from: headCount)
                == ["", "/zookeeper", "/zookeeper/config", "/zookeeper/quota", "/"])
    }

    @Test("a slice ends after the nodes or bytes it was given, and has at least one znode")
    func slices() throws {
        let (tree, _) = tree(["/a", "/b", "/c"])
        let writer = ByteWriter()
        let walk = tree.beginWalk(into: writer)
        for visited in 1...6 {
            let hasMore = walk.next(maximumBytes: 0, into: writer)
            #expect(walk.visitedCount == visited && hasMore)
        }
        #expect(!walk.next(maximumBytes: 0, into: writer))
        #expect(!walk.next(maximumBytes: 0, into: writer))
        let again = tree.beginWalk(into: writer)
        #expect(again.next(maximumBytes: 1 << 20, maximumNodes: 3, into: writer))
        #expect(again.visitedCount == 3)
        again.end()
        #expect(!again.next(maximumBytes: 1 << 20, into: writer))
    }

    @Test("znodes deleted under the cursor are passed over, whatever the order of deletion")
    func deletionsUnderTheCursor() throws {
        let names = ["/a", "/a/x", "/a/y", "/b", "/b/x", "/b/x/z", "/c"]
        for stop in 0..<10 {
            for seed in 0..<UInt64(20) {
                var random = SplitMix(seed: seed)
                var (tree, history) = tree(names)
                let writer = ByteWriter()
                let walk = tree.beginWalk(into: writer)
                let head = writer.count
                for _ in 0..<stop { _ = walk.next(maximumBytes: 0, into: writer) }
                let before = Set(try paths(writer, from: head))
                var left = Set(names)
                for _ in 0..<random.below(8) {
                    let leaves = left.filter { leaf in !left.contains { $0.hasPrefix(leaf + "/") } }
                    guard let leaf = leaves.sorted().randomElement(using: &random) else { break }
                    left.remove(leaf)
                    tree.apply(history.add(.delete) { $0.writeDelete(leaf) })
                }
                while walk.next(maximumBytes: 0, into: writer) {}
                let visited = try paths(writer, from: head)
                #expect(Set(visited).count == visited.count)
                #expect(left.isSubset(of: visited))
                #expect(
                    Set(visited).subtracting(before).isDisjoint(with: Set(names).subtracting(left)))
            }
        }
    }

    @Test("no path is visited twice, though it is deleted and created again all the time")
    func visitedOnce() throws {
        for seed in 0..<UInt64(200) {
            var workload = Workload(seed: seed)
            for _ in 0..<60 { workload.step() }
            let writer = ByteWriter()
            let walk = workload.tree.beginWalk(into: writer)
            let head = writer.count
            while walk.next(maximumBytes: 0, into: writer) {
                for _ in 0..<5 { workload.step() }
            }
            let visited = try paths(writer, from: head)
            #expect(Set(visited).count == visited.count)
        }
    }

    @Test("two walks at a time do not disturb one another")
    func twoWalks() throws {
        let (tree, _) = tree(["/a", "/b"])
        let first = ByteWriter()
        let second = ByteWriter()
        let one = tree.beginWalk(into: first)
        _ = one.next(maximumBytes: 0, into: first)
        let two = tree.beginWalk(into: second)
        while one.next(maximumBytes: 0, into: first) {}
        while two.next(maximumBytes: 0, into: second) {}
        #expect(first.bytes == second.bytes)
    }

    @Test("a loaded snapshot is the tree that was walked, and is again what a walk writes")
    func roundTrip() throws {
        var workload = Workload(seed: 99)
        for _ in 0..<300 { workload.step() }
        let loaded = try loadSnapshot(
            workload.tree.snapshot(), zxid: workload.tree.lastProcessedZxid, seed: 3)
        loaded.checkInvariants()
        #expect(loaded.dump() == workload.tree.dump())
    }
}

@Suite("The loader")
struct TreeLoaderTests {
    private func stat(czxid: Int64, owner: Int64 = 0) -> StatPersisted {
        StatPersisted(
            czxid: Zxid(rawValue: czxid), mzxid: Zxid(rawValue: czxid), ctime: 1, mtime: 1,
            version: 0, cversion: 0, aversion: 0, ephemeralOwner: owner,
            pzxid: Zxid(rawValue: czxid))
    }

    private func add(
        _ path: String, czxid: Int64 = 5, acl: Int64 = -1, data: [UInt8] = [], owner: Int64 = 0,
        to loader: inout TreeLoader
    ) throws {
        let stat = stat(czxid: czxid, owner: owner)
        try path.withByteView { (path: ByteView) throws(TreeLoadError) in
            try data.withByteView { (data: ByteView) throws(TreeLoadError) in
                try loader.addNode(path: path, data: data, acl: acl, stat: stat)
            }
        }
    }

    private func encoded(_ acl: [ACLEntry]) -> [UInt8] {
        let writer = ByteWriter()
        writer.writeACL(acl)
        return writer.bytes
    }

    @Test("lists keep their content under whatever ids the file has")
    func foreignACLs() throws {
        var loader = TreeLoader()
        for (id, acl) in [(Int64(7), ACLEntry.readUnsafe), (1 << 40, ACLEntry.openUnsafe)] {
            try encoded(acl).withByteView { (bytes: ByteView) throws(TreeLoadError) in
                try loader.addACL(id: id, acl: bytes)
            }
        }
        try add("", to: &loader)
        try add("/a", acl: 7, to: &loader)
        try add("/b", acl: 1 << 40, to: &loader)
        try add("/c", acl: 99, to: &loader)
        let tree = try loader.finish(lastProcessedZxid: Zxid(rawValue: 5))
        tree.checkInvariants()
        func acl(_ path: String) throws -> ACLID { tree.acl(of: try #require(tree.find(path))) }
        #expect(tree.entries(of: try acl("/a")) == ACLEntry.readUnsafe)
        #expect(try acl("/b") == .open && acl("/") == .open)
        // A list that is not there opens nothing, and is counted until the log brings it.
        #expect(tree.unresolvedACLCount == 1)
        #expect(!tree.isOpen(try acl("/c"), .all))
        var history = History()
        tree.apply(history.add(.setACL) { $0.writeSetACL("/c", ACLEntry.readUnsafe, version: 0) })
        #expect(tree.unresolvedACLCount == 0)
        #expect(try acl("/c") == acl("/a"))
    }

    @Test("what makes no tree is refused by name")
    func refusals() throws {
        var loader = TreeLoader()
        #expect(throws: TreeLoadError.parentMissing(path: "/a")) { try add("/a", to: &loader) }
        try add("", to: &loader)
        #expect(throws: TreeLoadError.parentMissing(path: "/a/b")) { try add("/a/b", to: &loader) }
        for path in ["a", "/a/", "//a"] {
            #expect(throws: TreeLoadError.badPath(path)) { try add(path, to: &loader) }
        }
        #expect(throws: TreeLoadError.badACL(id: 3)) {
            try [UInt8]([0, 0, 0, 9]).withByteView { (bytes: ByteView) throws(TreeLoadError) in
                try loader.addACL(id: 3, acl: bytes)
            }
        }
        let empty = TreeLoader()
        #expect(throws: TreeLoadError.rootMissing) { try empty.finish(lastProcessedZxid: .zero) }
    }

    @Test("a path that comes twice has what came last")
    func duplicates() throws {
        var loader = TreeLoader()
        try add("", to: &loader)
        try add("/a", data: [1], owner: 5, to: &loader)
        try add("/a/b", to: &loader)
        try add("/a", czxid: 8, data: [1, 2, 3], owner: 0, to: &loader)
        try add("/a/c", to: &loader)
        let tree = try loader.finish(lastProcessedZxid: Zxid(rawValue: 8))
        tree.checkInvariants()
        #expect(tree.stat("/a")?.czxid.rawValue == 8 && tree.data("/a") == [1, 2, 3])
        #expect(tree.children("/a") == ["b", "c"] && tree.ephemeralsCount == 0)
    }

    @Test("znodes may come in any order that has parents first")
    func levelOrder() throws {
        var loader = TreeLoader()
        for path in ["", "/a", "/b", "/a/x", "/b/x", "/a/x/1", "/b/x/1", "/a/y"] {
            try add(path, to: &loader)
        }
        let tree = try loader.finish(lastProcessedZxid: Zxid(rawValue: 8))
        tree.checkInvariants()
        #expect(tree.children("/a") == ["x", "y"] && tree.children("/b/x") == ["1"])
    }

    /// Apache's walk asks for each child by path, so that a child may be one that was created below
    /// a later znode of its parent's path. (Apache itself loses such a child from its parent.)
    @Test("children of a later znode below an earlier one come back with the log")
    func childrenOfALaterParent() throws {
        var loader = TreeLoader()
        try add("", to: &loader)
        try add("/p", czxid: 10, data: [1], to: &loader)
        try add("/p/c", czxid: 24, data: [9], to: &loader)
        try add("/p/c/d", czxid: 25, to: &loader)
        let tree = try loader.finish(lastProcessedZxid: Zxid(rawValue: 20))
        var history = History(startingAfter: 20)
        tree.apply(history.add(.delete) { $0.writeDelete("/p/c") })
        tree.apply(history.add(.delete) { $0.writeDelete("/p") })
        let parent = TestCreate(path: "/p", data: [2], parentCVersion: 2)
        tree.apply(history.add(.create) { parent.encode(into: $0) })
        let child = TestCreate(path: "/p/c", data: [3], parentCVersion: 1)
        tree.apply(history.add(.create) { child.encode(into: $0) })
        let below = TestCreate(path: "/p/c/d", data: [4], parentCVersion: 1)
        tree.apply(history.add(.create) { below.encode(into: $0) })
        tree.checkInvariants()
        #expect(tree.data("/p") == [2] && tree.stat("/p")?.czxid.rawValue == 23)
        #expect(tree.children("/p") == ["c"] && tree.data("/p/c") == [3])
        #expect(tree.data("/p/c/d") == [4])
    }

    @Test("a deletion whose znode has children of its own time deletes nothing")
    func childrenOfTheirOwn() throws {
        var loader = TreeLoader()
        try add("", to: &loader)
        try add("/p", czxid: 10, to: &loader)
        try add("/p/c", czxid: 11, to: &loader)
        let tree = try loader.finish(lastProcessedZxid: Zxid(rawValue: 20))
        var history = History(startingAfter: 20)
        var transcript = Transcript()
        tree.apply(history.add(.delete) { $0.writeDelete("/p") }, observer: &transcript)
        #expect(transcript.lines == ["delete /p error=-111 version=-1"])
        #expect(tree.children("/p") == ["c"])
    }
}
