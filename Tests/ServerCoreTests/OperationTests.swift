import DataTree
import ServerCore
import Testing
import ZKWire

@Suite("Operations: results and error codes as Apache's")
struct OperationTests {
    @Test("creating: stats, sequence numbers, kinds and what may not be")
    func create() throws {
        let harness = CoreHarness()
        let client = harness.connect()
        #expect(client.create("/a", "data")?.read { try? $0.readString() } == "/a")
        let stat = try #require(client.exists("/a")?.stat)
        #expect(stat.version == 0 && stat.dataLength == 4 && stat.czxid == stat.mzxid)
        #expect(client.create("/a")?.error == .nodeExists)
        #expect(client.create("/x/y")?.error == .noNode)
        #expect(client.create("noslash")?.error == .badArguments)
        #expect(client.create("/a/..")?.error == .badArguments)
        #expect(client.create("/a/")?.error == .badArguments)
        #expect(client.create("/a/\u{1}")?.error == .badArguments)
        for number in 0..<3 {
            let path = client.create("/a/s-", mode: .persistentSequential)
            #expect(path?.read { try? $0.readString() } == "/a/s-000000000\(number)")
        }
        client.create("/a/e", mode: .ephemeral)
        #expect(client.create("/a/e/c")?.error == .noChildrenForEphemerals)
        #expect(client.exists("/a")?.stat?.cversion == 4)
        #expect(client.exists("/a")?.stat?.numChildren == 4)
        let badMode = client.call(.create) {
            $0.writeString("/m")
            $0.writeString("")
            $0.writeACL(ACLEntry.openUnsafe)
            $0.writeInt32(99)
        }
        #expect(badMode?.error == .badArguments)
    }

    @Test("a sequence goes on after deletions")
    func sequenceAfterDelete() {
        let harness = CoreHarness()
        let client = harness.connect()
        client.create("/q")
        client.create("/q/a-", mode: .persistentSequential)
        client.delete("/q/a-0000000000")
        let path = client.create("/q/a-", mode: .persistentSequential)
        #expect(path?.read { try? $0.readString() } == "/q/a-0000000001")
        #expect(client.exists("/q")?.stat?.cversion == 3)
    }

    @Test("create2, containers and TTLs answer with a stat; TTLs may be off")
    func extendedKinds() {
        let harness = CoreHarness()
        let client = harness.connect()
        let container = client.call(.createContainer) {
            $0.writeCreate("/c", "", .container)
        }
        #expect(container?.error == .ok)
        // Clients see an owner only where a session is it (Apache `DataNode.copyStat`).
        #expect(client.exists("/c")?.stat?.ephemeralOwner == 0)
        let ttl = client.call(.createTTL) {
            $0.writeCreate("/t", "", .persistentWithTTL)
            $0.writeInt64(5000)
        }
        #expect(ttl?.error == .ok)
        let stat = ttl?.read { reader -> Stat? in
            _ = try? reader.readString()
            return try? reader.readStat()
        }
        #expect(stat?.ephemeralOwner == 0)
        let wrong = client.call(.createTTL) {
            $0.writeCreate("/u", "", .persistentWithTTL)
            $0.writeInt64(0)
        }
        #expect(wrong?.error == .badArguments)
        let without = CoreHarness { $0.extendedTypesEnabled = false }.connect()
        let refused = without.call(.createTTL) {
            $0.writeCreate("/t", "", .persistentWithTTL)
            $0.writeInt64(5000)
        }
        #expect(refused?.error == .unimplemented)
    }

    @Test("containers and TTL znodes are reaped when they are done with")
    func reaping() {
        let harness = CoreHarness { $0.reapInterval = .milliseconds(500) }
        let client = harness.connect(timeoutMilliseconds: 10_000)
        client.call(.createContainer) { $0.writeCreate("/c", "", .container) }
        client.call(.createContainer) { $0.writeCreate("/unused", "", .container) }
        client.call(.createTTL) {
            $0.writeCreate("/t", "", .persistentWithTTL)
            $0.writeInt64(2000)
        }
        client.create("/c/child")
        harness.run(milliseconds: 1000)
        #expect(client.exists("/c")?.error == .ok)
        client.delete("/c/child")
        harness.run(milliseconds: 1000)
        #expect(client.exists("/c")?.error == .noNode)
        #expect(client.exists("/unused")?.error == .ok)
        harness.run(milliseconds: 1000)
        #expect(client.exists("/t")?.error == .noNode)
    }

    @Test("what is being changed is not reaped, even if it was to go when the change came")
    func reapingInFlight() {
        let harness = CoreHarness { $0.reapInterval = .milliseconds(1000) }
        let client = harness.connect(timeoutMilliseconds: 10_000)
        client.call(.createContainer) { $0.writeCreate("/c", "", .container) }
        client.create("/c/child")
        client.delete("/c/child")
        client.send(.delete) {
            $0.writeString("/c")
            $0.writeInt32(-1)
        }
        client.send(.create) { $0.writeCreate("/c", "kept") }
        // The check comes while both are in flight.
        for _ in 0..<30 {
            harness.advance(milliseconds: 50)
            harness.step(.tick)
        }
        harness.sync()
        #expect(client.get("/c")?.read { try? $0.readString() } == "kept")
    }

    @Test(
        "createTTL with the flags of another kind is refused",
        arguments: [0, 1, 2, 3, 4] as [Int32])
    func createTTLFlags(flags: Int32) {
        let harness = CoreHarness()
        let client = harness.connect()
        let reply = client.call(.createTTL) {
            $0.writeString("/t")
            $0.writeString("")
            $0.writeACL(ACLEntry.openUnsafe)
            $0.writeInt32(flags)
            $0.writeInt64(-1)
        }
        #expect(reply?.error == .badArguments)
        #expect(client.exists("/t")?.error == .noNode)
    }

    @Test("sequence numbers go on beyond 2^30 creations, where the stat's cversion wraps")
    func sequenceBeyondCVersion() {
        let tree = DataTree()
        let acl = ByteWriter()
        acl.writeACL(ACLEntry.openUnsafe)
        var observer = NoObserver()
        "/old".withByteView { path in
            tree.apply(
                TxnHeader(
                    session: .none, cxid: 1, zxid: Zxid(rawValue: 1), time: 0,
                    type: OpCode.create.rawValue),
                .create(
                    CreateTxn(
                        path: path, data: nil, acl: acl.view, kind: .persistent,
                        parentCVersion: 1 << 30 | 8)),
                observer: &observer)
        }
        let client = CoreHarness(tree: tree).connect()
        for number in ["1073741832", "1073741833"] {
            let reply = client.create("/s-", mode: .persistentSequential)
            #expect(reply?.read { try? $0.readString() } == "/s-" + number)
        }
    }

    @Test("setting and deleting check the version")
    func versions() {
        let harness = CoreHarness()
        let client = harness.connect()
        client.create("/a", "0")
        #expect(client.set("/a", "1", version: 0)?.stat?.version == 1)
        #expect(client.set("/a", "2", version: 0)?.error == .badVersion)
        #expect(client.delete("/a", version: 0)?.error == .badVersion)
        #expect(client.delete("/a", version: 1)?.error == .ok)
        #expect(client.delete("/")?.error == .badArguments)
        #expect(client.delete("/zookeeper")?.error == .badArguments)
    }

    @Test("a multi happens whole or not at all, and says which part failed")
    func multi() {
        let harness = CoreHarness()
        let client = harness.connect()
        client.create("/a", "0")
        let good = client.call(.multi) {
            $0.writePart(.create) { $0.writeCreate("/a/b", "x") }
            $0.writePart(.setData) {
                $0.writeString("/a/b")
                $0.writeString("y")
                $0.writeInt32(0)
            }
            $0.writePart(.check) {
                $0.writeString("/a")
                $0.writeInt32(0)
            }
            $0.writeMultiEnd()
        }
        #expect(good.map(OperationTests.multiResults) == ["1:0", "5:0", "13:0"])
        #expect(client.get("/a/b")?.read { try? $0.readString() } == "y")
        let bad = client.call(.multi) {
            $0.writePart(.create) { $0.writeCreate("/a/c", "x") }
            $0.writePart(.delete) {
                $0.writeString("/a")
                $0.writeInt32(7)
            }
            $0.writePart(.create) { $0.writeCreate("/a/d", "x") }
            $0.writeMultiEnd()
        }
        #expect(bad.map(OperationTests.multiResults) == ["-1:0", "-1:-103", "-1:-2"])
        #expect(bad?.error == .ok)
        #expect(client.exists("/a/c")?.error == .noNode)
        client.create("/a/s-", mode: .persistentSequential)
        #expect(client.exists("/a/s-0000000001")?.error == .ok)
    }

    /// `type:error` for each part.
    static func multiResults(_ reply: Reply) -> [String] {
        reply.read { reader in
            var results: [String] = []
            while let type = try? reader.readInt32(), let isDone = try? reader.readBool(),
                let error = try? reader.readInt32(), !isDone
            {
                results.append("\(type):\(error)")
                switch OpCode(rawValue: type) {
                case .create: _ = try? reader.readString()
                case .setData: _ = try? reader.readStat()
                case .error: _ = try? reader.readInt32()
                default: break
                }
            }
            return results
        }
    }

    @Test("a multi that cannot be decoded changes nothing")
    func malformedMulti() {
        let harness = CoreHarness()
        let client = harness.connect()
        let reply = client.call(.multi) {
            $0.writePart(.create) { $0.writeCreate("/a", "x") }
            $0.writePart(.getData) { $0.writeString("/a") }
            $0.writeMultiEnd()
        }
        #expect(reply?.error == .marshallingError)
        #expect(client.exists("/a")?.error == .noNode)
    }

    @Test("an unknown operation is refused and the session goes on")
    func unknown() {
        let harness = CoreHarness()
        let client = harness.connect()
        client.send(type: 501)
        // The server's own, which asks for no permission.
        client.send(.deleteContainer) { $0.writeString("/a") }
        #expect(client.replies().map(\.error) == [.unimplemented, .unimplemented])
        #expect(client.exists("/")?.error == .ok)
    }

    @Test("ACLs: digest, ip, auth, and what each permission allows")
    func accessControl() throws {
        let harness = CoreHarness()
        let owner = harness.connect()
        let stranger = harness.connect(host: "10.1.2.3")
        let mine = [ACLEntry(permissions: .all, identity: Identity(scheme: "auth", id: ""))]
        #expect(owner.create("/p", "", acl: mine)?.error == .invalidACL)
        owner.authenticate("bob:secret")
        #expect(owner.replies().map(\.error) == [.ok])
        #expect(owner.create("/p", "", acl: mine)?.error == .ok)
        #expect(stranger.get("/p")?.error == .noAuth)
        #expect(stranger.set("/p", "x")?.error == .noAuth)
        #expect(stranger.create("/p/c")?.error == .noAuth)
        #expect(stranger.exists("/p")?.error == .noAuth)
        let listed = owner.call(.getACL) { $0.writeString("/p") }
        let entries = try #require(listed?.read { try? $0.readACL() })
        #expect(entries.map(\.identity.id) == ["bob:fyVmFCwVbTJYrznoSu1koqYEYF0="])
        let network = [ACLEntry(permissions: .read, identity: Identity(scheme: "ip", id: "10.1.0.0/16"))]
        #expect(owner.create("/n", "v", acl: network)?.error == .ok)
        #expect(stranger.get("/n")?.error == .ok)
        #expect(owner.get("/n")?.error == .noAuth)
        let unknown = [ACLEntry(permissions: .read, identity: Identity(scheme: "magic", id: "x"))]
        #expect(owner.create("/u", "", acl: unknown)?.error == .invalidACL)
        #expect(owner.create("/u", "", acl: [])?.error == .invalidACL)
    }

    @Test("the super user passes every check")
    func superUser() {
        let harness = CoreHarness {
            $0.superDigest = "bob:fyVmFCwVbTJYrznoSu1koqYEYF0="
        }
        let client = harness.connect()
        client.create(
            "/closed",
            acl: [ACLEntry(permissions: .read, identity: Identity(scheme: "digest", id: "x:y"))])
        #expect(client.get("/closed")?.error == .noAuth)
        client.authenticate("bob:secret")
        #expect(client.get("/closed")?.error == .ok)
    }

    @Test("a failed authentication is answered and ends the connection")
    func badAuthentication() {
        let harness = CoreHarness()
        let client = harness.connect()
        harness.bytes(
            client.id,
            TestClient.frame(xid: SpecialXid.auth, type: OpCode.auth.rawValue) {
                $0.writeInt32(0)
                $0.writeString("kerberos")
                $0.writeString("x")
            })
        #expect(client.replies().map(\.error) == [.authFailed])
        #expect(harness.closed.map(\.reason) == [.authenticationFailed])
    }

    @Test("hard quotas refuse, soft ones are noted")
    func quotas() {
        let harness = CoreHarness { $0.enforceQuota = true }
        let client = harness.connect()
        client.create("/q")
        client.create("/zookeeper/quota/q")
        client.create("/zookeeper/quota/q/zookeeper_limits", "count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=3")
        client.create("/zookeeper/quota/q/zookeeper_stats", "count=0,bytes=0")
        #expect(client.create("/q/a")?.error == .ok)
        #expect(client.create("/q/b")?.error == .ok)
        #expect(client.create("/q/c")?.error == .quotaExceeded)
    }
}
