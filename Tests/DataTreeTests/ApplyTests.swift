import DataTree
import Testing
import ZKWire

@Suite("Applying transactions")
struct ApplyTests {
    private let tree = DataTree(seed: 7)
    private static let user = [
        ACLEntry(permissions: .all, identity: Identity(scheme: "digest", id: "user:hash"))
    ]

    private func create(
        _ path: String, _ data: [UInt8]? = [], _ acl: [ACLEntry] = ACLEntry.openUnsafe,
        kind: CreateTxn.Kind = .persistent, cversion: Int32? = nil
    ) -> TestCreate {
        let parent = String(path[..<path.lastIndex(of: "/")!])
        return TestCreate(
            path: path, data: data, acl: acl, kind: kind,
            parentCVersion: cversion ?? tree.nextCVersion(parent))
    }

    @discardableResult
    private func apply(
        _ history: inout History, _ op: OpCode, session: Int64 = 0, _ encode: (ByteWriter) -> Void
    ) -> [String] {
        var transcript = Transcript()
        tree.apply(history.add(op, session: session, encode), observer: &transcript)
        tree.checkInvariants()
        return transcript.lines
    }

    @discardableResult
    private func apply(_ history: inout History, _ txn: TestCreate, session: Int64 = 0) -> [String]
    {
        apply(&history, txn.op, session: session) { txn.encode(into: $0) }
    }

    @Test("a fresh tree is Apache's: three znodes of zeros, counts and sizes as mntr shows them")
    func freshTree() throws {
        #expect(tree.nodeCount == 5)
        #expect(tree.approximateDataSize == 44)
        #expect(tree.children("/") == ["zookeeper"])
        #expect(tree.children("/zookeeper") == ["config", "quota"])
        let root = try #require(tree.stat("/"))
        #expect(root.cversion == -1 && root.numChildren == 1 && root.czxid == .zero)
        #expect(tree.stat("")?.cversion == -1)
        #expect(tree.stat("/zookeeper")?.cversion == -2)
        let config = try #require(tree.find("/zookeeper/config"))
        #expect(tree.stat(of: config).aversion == -1)
        #expect(tree.entries(of: tree.acl(of: config)) == ACLEntry.readUnsafe)
        #expect(tree.lastProcessedZxid == .zero)
    }

    @Test("creating sets every field of the znode and three of its parent")
    func create() throws {
        var history = History(startingAfter: 100)
        let lines = apply(&history, create("/a", [1, 2], ApplyTests.user))
        #expect(lines == ["created /a", "create2 /a error=0 version=0"])
        let zxid = Zxid(rawValue: 101)
        let time = History.time(of: 101)
        #expect(
            tree.stat("/a")
                == Stat(
                    czxid: zxid, mzxid: zxid, ctime: time, mtime: time, version: 0, cversion: 0,
                    aversion: 0, ephemeralOwner: 0, dataLength: 2, numChildren: 0, pzxid: zxid))
        #expect(tree.data("/a") == [1, 2])
        let ref = try #require(tree.find("/a"))
        #expect(tree.entries(of: tree.acl(of: ref)) == ApplyTests.user)
        #expect(tree.parent(of: ref) == .root)
        #expect(tree.path(ref) == "/a")
        let root = try #require(tree.stat("/"))
        #expect(root.pzxid == zxid && root.numChildren == 2)
        // One creation that counted, two children.
        #expect(root.cversion == 0)
        #expect(tree.lastProcessedZxid == zxid)
        #expect(tree.approximateDataSize == 44 + 4)
    }

    @Test("null data is kept apart from empty data, and both have length 0")
    func nullData() {
        var history = History()
        apply(&history, create("/null", nil))
        apply(&history, create("/empty", []))
        #expect(tree.find("/null").flatMap { tree.data(of: $0) } == nil)
        #expect(tree.data("/empty") == [])
        #expect(tree.stat("/null")?.dataLength == 0 && tree.stat("/empty")?.dataLength == 0)
        apply(&history, .setData) { $0.writeSetData("/empty", nil, version: 1) }
        #expect(tree.find("/empty").flatMap { tree.data(of: $0) } == nil)
    }

    @Test("setting data changes data, version, mzxid and mtime, whatever the lengths")
    func setData() throws {
        var history = History()
        apply(&history, create("/a", [1]))
        apply(&history, create("/a/child"))
        let before = try #require(tree.stat("/a"))
        for (version, length) in [3, 4, 500, 2, 200_000, 0, 40].enumerated() {
            let data = [UInt8](repeating: UInt8(version), count: length)
            let lines = apply(&history, .setData) {
                $0.writeSetData("/a", data, version: Int32(version + 1))
            }
            #expect(lines == ["changed /a", "setData /a error=0 version=\(version + 1)"])
            #expect(tree.data("/a") == data)
        }
        var expected = before
        expected.mzxid = Zxid(rawValue: history.zxid)
        expected.mtime = History.time(of: history.zxid)
        expected.version = 7
        expected.dataLength = 40
        #expect(tree.stat("/a") == expected)
        #expect(tree.children("/a") == ["child"])
    }

    @Test("setting the access control list changes it and aversion only")
    func setACL() throws {
        var history = History()
        apply(&history, create("/a"))
        let before = try #require(tree.stat("/a"))
        let lines = apply(&history, .setACL) { $0.writeSetACL("/a", ApplyTests.user, version: 1) }
        #expect(lines == ["setACL /a error=0 version=0"])
        var expected = before
        expected.aversion = 1
        #expect(tree.stat("/a") == expected)
        let acl = tree.acl(of: try #require(tree.find("/a")))
        #expect(tree.entries(of: acl) == ApplyTests.user)
        #expect(!tree.isOpen(acl, .read) && tree.isOpen(.open, .admin))
        // Replayed, an older version changes nothing.
        apply(&history, .setACL) { $0.writeSetACL("/a", ACLEntry.openUnsafe, version: 0) }
        #expect(tree.acl(of: try #require(tree.find("/a"))) == acl)
    }

    @Test("deleting takes the znode away and raises its parent's pzxid and reported cversion")
    func delete() throws {
        var history = History()
        apply(&history, create("/a"))
        apply(&history, create("/a/b"))
        let lines = apply(&history, .delete) { $0.writeDelete("/a/b") }
        #expect(lines == ["deleted /a/b", "delete /a/b error=0 version=-1"])
        #expect(tree.find("/a/b") == nil)
        let stat = try #require(tree.stat("/a"))
        #expect(stat.cversion == 2 && stat.numChildren == 0)
        #expect(stat.pzxid.rawValue == history.zxid)
        let again = apply(&history, .delete) { $0.writeDelete("/a/b") }
        #expect(again == ["delete /a/b error=-101 version=-1"])
        #expect(tree.stat("/a")?.pzxid.rawValue == history.zxid)
    }

    @Test("what cannot be applied reports why and changes nothing but the last zxid")
    func impossible() {
        var history = History()
        apply(&history, create("/a"))
        apply(&history, create("/a/b"))
        let before = tree.dump().dropLast()
        let lines = [
            apply(&history, create("/none/b", cversion: 1)),
            apply(&history, create("/", cversion: 1)),
            apply(&history, create("/a", cversion: 0)),
            apply(&history, create("/a/", cversion: 9)),
            apply(&history, create("//b", cversion: 9)),
            apply(&history, .delete) { $0.writeDelete("/") },
            apply(&history, .setData) { $0.writeSetData("/none", [], version: 1) },
            apply(&history, .setACL) { $0.writeSetACL("/none", [], version: 1) },
            apply(&history, .error) { $0.writeErrorTxn(-103) },
        ]
        #expect(
            lines.joined().map { $0 } == [
                "create2 /none/b error=-101 version=-1", "create2 / error=-110 version=-1",
                "create2 /a error=-110 version=-1", "create2 /a/ error=-101 version=-1",
                "create2 //b error=-101 version=-1", "delete / error=-101 version=-1",
                "setData /none error=-101 version=-1", "setACL /none error=-101 version=-1",
                "error  error=-103 version=-1",
            ])
        #expect(tree.dump().dropLast() == before)
        #expect(tree.lastProcessedZxid.rawValue == history.zxid)
    }

    @Test("no transaction touches a znode that a later one created")
    func laterZnode() throws {
        var late = History(startingAfter: 1000)
        apply(&late, create("/a", [1], cversion: 3))
        apply(&late, create("/a/b", [2]))
        let before = tree.dump()
        var early = History(startingAfter: 10)
        apply(&early, create("/a", [9], cversion: 2))
        apply(&early, create("/a/c", [9]))
        apply(&early, .setData) { $0.writeSetData("/a", [9], version: 5) }
        apply(&early, .setACL) { $0.writeSetACL("/a", ApplyTests.user, version: 5) }
        apply(&early, .delete) { $0.writeDelete("/a/b") }
        apply(&early, .delete) { $0.writeDelete("/a") }
        #expect(tree.dump() == before)
    }

    @Test("data of a later transaction is not overwritten by an earlier one")
    func laterData() {
        var history = History(startingAfter: 10)
        apply(&history, create("/a"))
        var late = History(startingAfter: 1000)
        apply(&late, .setData) { $0.writeSetData("/a", [2], version: 2) }
        let lines = apply(&history, .setData) { $0.writeSetData("/a", [1], version: 1) }
        #expect(lines == ["setData /a error=0 version=2"])
        #expect(tree.data("/a") == [2])
    }

    @Test("a log from before parents' counts were recorded counts up by itself, and only once")
    func oldLog() {
        var history = History()
        let txn = create("/a", cversion: -1)
        let record = history.add(.create) { txn.encode(into: $0) }
        tree.apply(record)
        #expect(tree.nextCVersion("/") == 2)
        tree.apply(record)
        #expect(tree.nextCVersion("/") == 2)
    }

    @Test("the kinds of znode show in their stats as Apache shows them")
    func kinds() throws {
        var history = History()
        apply(&history, .createSession, session: 0x55) {
            $0.writeCreateSessionTxn(timeoutMilliseconds: 4000)
        }
        apply(&history, create("/e", kind: .ephemeral), session: 0x55)
        apply(&history, create("/c", kind: .container), session: 0x55)
        apply(&history, create("/t", kind: .ttl(milliseconds: 500)), session: 0x55)
        #expect(tree.stat("/e")?.ephemeralOwner == 0x55)
        #expect(tree.stat("/c")?.ephemeralOwner == 0 && tree.stat("/t")?.ephemeralOwner == 0)
        #expect(tree.kind(of: try #require(tree.find("/c"))) == .container)
        #expect(tree.kind(of: try #require(tree.find("/t"))) == .ttl(milliseconds: 500))
        #expect(tree.ephemeralsCount == 1)
        #expect(tree.sessionsWithEphemerals == [SessionID(rawValue: 0x55)])
    }

    @Test("closing a session deletes its znodes and no others, named by the transaction or not")
    func closeSession() {
        for names in [["/e1", "/p", "/gone", "/other"], nil] {
            var history = History(startingAfter: tree.lastProcessedZxid.rawValue + 1)
            let session = SessionID(rawValue: 0x77)
            apply(&history, .createSession, session: 0x77) {
                $0.writeCreateSessionTxn(timeoutMilliseconds: 4000)
            }
            #expect(tree.sessions.timeout(of: session) == 4000)
            if tree.find("/p") == nil { apply(&history, create("/p")) }
            for path in ["/e1", "/e2", "/p/e3"] {
                apply(&history, create(path, kind: .ephemeral), session: 0x77)
            }
            if tree.find("/other") == nil {
                apply(&history, create("/other", kind: .ephemeral), session: 0x88)
            }
            #expect(tree.ephemeralCount(of: session) == 3)
            let lines = apply(&history, .closeSession, session: 0x77) {
                $0.writeCloseSession(names)
            }
            #expect(Set(lines.dropLast()) == ["deleted /e1", "deleted /e2", "deleted /p/e3"])
            #expect(lines.last == "closeSession  error=0 version=-1")
            #expect(tree.children("/") == ["other", "p", "zookeeper"])
            #expect(tree.stat("/p")?.pzxid.rawValue == history.zxid)
            #expect(tree.sessions.timeout(of: session) == nil)
            #expect(tree.ephemeralsCount == 1)
        }
    }

    @Test("a multi applies all its parts at one zxid, in order")
    func multi() {
        var history = History(startingAfter: 500)
        let one = create("/a", [1], cversion: 1)
        let two = create("/a", [2], cversion: 2)
        let child = create("/a/b", cversion: 1)
        let lines = apply(&history, .multi) {
            $0.writeMulti([
                (.create, { one.encode(into: $0) }), (.delete, { $0.writeDelete("/a") }),
                (.create2, { two.encode(into: $0) }), (.create, { child.encode(into: $0) }),
                (.setData, { $0.writeSetData("/a", [3], version: 1) }),
                (
                    .check,
                    { writer in
                        "/a".withByteView { writer.writeCheckVersionTxn(path: $0, version: 1) }
                    }
                ),
            ])
        }
        #expect(
            lines == [
                "created /a", "create /a error=0 version=0", "deleted /a",
                "delete /a error=0 version=-1", "created /a", "create2 /a error=0 version=0",
                "created /a/b", "create /a/b error=0 version=0", "changed /a",
                "setData /a error=0 version=1", "check /a error=0 version=-1",
            ])
        #expect(tree.stat("/a")?.mzxid.rawValue == 501 && tree.stat("/a/b")?.czxid.rawValue == 501)
        #expect(tree.nextCVersion("/") == 3)
    }

    @Test("a failed multi changes nothing and reports Apache's code for each part")
    func failedMulti() {
        var history = History()
        let never = create("/never", cversion: 1)
        let before = tree.dump().dropLast()
        let lines = apply(&history, .multi) {
            $0.writeMulti([
                (.create, { never.encode(into: $0) }), (.error, { $0.writeErrorTxn(-101) }),
                (.delete, { $0.writeDelete("/never") }), (.error, { $0.writeErrorTxn(-2) }),
            ])
        }
        #expect(
            lines == [
                "error  error=0 version=-1", "error  error=-101 version=-1",
                "error  error=-2 version=-1", "error  error=-2 version=-1",
            ])
        #expect(tree.dump().dropLast() == before)
    }

    @Test("a multi with a part that does not parse is left out as a whole")
    func malformedMulti() {
        var history = History()
        let before = tree.dump().dropLast()
        let first = create("/a", cversion: 1)
        for bad: (OpCode, (ByteWriter) -> Void) in [
            (.delete, { $0.writeInt32(99) }), (.multi, { $0.writeInt32(0) }),
            (.createSession, { $0.writeInt32(5) }),
        ] {
            let lines = apply(&history, .multi) {
                $0.writeMulti([(.create, { first.encode(into: $0) }), bad])
            }
            #expect(lines == ["multi  error=-5 version=-1"])
        }
        #expect(tree.dump().dropLast() == before)
    }

    @Test("the configuration is set without a transaction")
    func configuration() {
        let text = Array("server.1=host:2888:3888:participant\nversion=5".utf8)
        text.withByteView { tree.setConfiguration($0, version: Zxid(rawValue: 5), time: 77) }
        #expect(tree.data("/zookeeper/config") == text)
        let stat = tree.stat("/zookeeper/config")
        #expect(stat?.mzxid.rawValue == 5 && stat?.mtime == 77 && stat?.version == -1)
        tree.checkInvariants()
    }
}
