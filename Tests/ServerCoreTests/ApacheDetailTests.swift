// Details of Apache's answers that a comparison with a running Apache 3.8.0, request by request,
// brought to light (Tests/interop/test_differential.py).

import DataTree
import ServerCore
import Testing
import ZKWire

@Suite("Details of Apache's answers")
struct ApacheDetailTests {
    let harness = CoreHarness()
    let client: TestClient

    init() {
        client = harness.connect()
        client.create("/a")
    }

    @Test("in a multi the flags decide what is created, and its result is create2's")
    func kindsInMulti() {
        let reply = client.call(.multi) {
            $0.writePart(.create) { $0.writeCreate("/container", "", .container) }
            $0.writePart(.createContainer) { $0.writeCreate("/other", "", .container) }
            $0.writePart(.createTTL) {
                $0.writeCreate("/ttl", "", .persistentWithTTL)
                $0.writeInt64(5000)
            }
            $0.writePart(.createTTL) {
                $0.writeCreate("/plain", "", .persistent)
                $0.writeInt64(5000)
            }
            $0.writeMultiEnd()
        }
        #expect(reply.map(ApacheDetailTests.createdTypes) == [15, 15, 15, 1])
        #expect(kind(of: "/container") == .container)
        #expect(kind(of: "/other") == .container)
        #expect(kind(of: "/ttl") == .ttl(milliseconds: 5000))
        #expect(kind(of: "/plain") == .persistent)
    }

    @Test("createTTL alone makes znodes with a TTL and no others")
    func createTTLWithOtherFlags() {
        for (mode, ttl) in [(CreateMode.persistent, -1), (.ephemeral, -1), (.persistent, 5000)] {
            let reply = client.call(.createTTL) {
                $0.writeCreate("/t", "", mode)
                $0.writeInt64(Int64(ttl))
            }
            #expect(reply?.error == .badArguments)
        }
        #expect(client.exists("/t")?.error == .noNode)
    }

    @Test("a ping is answered with the ping's xid, whatever it came with")
    func pingXid() {
        client.send(.ping)
        #expect(client.replies().map(\.xid) == [SpecialXid.ping])
    }

    @Test("sasl is answered in its turn, without a token since there is nothing to negotiate with")
    func sasl() {
        client.send(.setData) {
            $0.writeString("/a")
            $0.writeString("x")
            $0.writeInt32(-1)
        }
        let xid = client.send(.sasl) { $0.writeString("token") }
        #expect(client.replies().isEmpty)
        harness.sync()
        let reply = client.replies().last
        #expect(reply?.xid == xid)
        #expect(reply?.error == .ok)
        #expect(reply?.zxid == .zero)
        #expect(reply?.body == [0xFF, 0xFF, 0xFF, 0xFF])
    }

    @Test("a sequence passes its largest number in a pipeline only, and stands still there")
    func sequenceAtItsEnd() {
        let tree = DataTree()
        ApacheDetailTests.apply(to: tree, 1, path: "/s", parentCVersion: 1)
        ApacheDetailTests.apply(to: tree, 2, path: "/s/x", parentCVersion: .max - 1)
        let client = CoreHarness(tree: tree).connect()
        #expect(sequentialNames(client, 1) == ["/s/2147483646"])
        // The future state wraps; what is applied is a larger count or none.
        #expect(
            sequentialNames(client, 3) == ["/s/2147483647", "/s/-2147483648", "/s/-2147483647"])
        #expect(client.exists("/s")?.stat?.cversion == Int32.max &* 2 &- 5)
        #expect(sequentialNames(client, 2) == [nil, nil])
        #expect(client.create("/s/other")?.error == .ok)
    }

    private static func apply(
        to tree: DataTree, _ zxid: Int64, path: String, parentCVersion: Int32
    ) {
        var observer = NoObserver()
        let acl = ByteWriter()
        acl.writeACL(ACLEntry.openUnsafe)
        path.withByteView { path in
            tree.apply(
                TxnHeader(
                    session: .none, cxid: 0, zxid: Zxid(rawValue: zxid), time: 0,
                    type: OpCode.create.rawValue),
                .create(
                    CreateTxn(
                        path: path, data: nil, acl: acl.view, kind: .persistent,
                        parentCVersion: parentCVersion)),
                observer: &observer)
        }
    }

    /// The names that pipelined sequential creations below `/s` get; nil for nodeExists.
    private func sequentialNames(_ client: TestClient, _ count: Int) -> [String?] {
        for _ in 0..<count {
            client.send(.create) { $0.writeCreate("/s/", "", .persistentSequential) }
        }
        client.harness.sync()
        return client.replies().map { reply in
            reply.error == .nodeExists ? nil : reply.read { try? $0.readString() }
        }
    }

    @Test("reconfig is refused as a write that failed: it takes a zxid")
    func reconfig() throws {
        let before = try #require(client.exists("/a")?.zxid)
        let refused = client.call(.reconfig) {
            for _ in 0..<3 { $0.writeString("") }
            $0.writeInt64(-1)
        }
        #expect(refused?.error == .reconfigDisabled)
        #expect(refused?.zxid.rawValue == before.rawValue + 1)
        #expect(client.call(.reconfig)?.error == .marshallingError)
    }

    @Test("2213: an empty path is an error of each request, and nothing is proposed that cannot be")
    func emptyPath() {
        #expect(client.create("")?.error == .badArguments)
        #expect(client.set("", "x")?.error == .badArguments)
        #expect(client.delete("")?.error == .badArguments)
        #expect(client.create("/b")?.error == .ok)
    }

    @Test("a null path is malformed, and sync gives it back")
    func nullPath() {
        let null: (ByteWriter) -> Void = { $0.writeInt32(-1) }
        for op in [OpCode.getData, .exists, .getChildren, .getChildren2] {
            let reply = client.call(op) {
                null($0)
                $0.writeBool(false)
            }
            #expect(reply?.error == .marshallingError)
        }
        #expect(client.call(.getACL, null)?.error == .marshallingError)
        #expect(client.call(.getAllChildrenNumber, null)?.error == .marshallingError)
        #expect(client.call(.sync, null)?.body == [0xFF, 0xFF, 0xFF, 0xFF])
    }

    @Test("colons at the end of a digest id do not count", arguments: [
        ("u:hash", true), ("u:hash:", true), (":hash", true), ("u", false), ("u:", false),
        (":", false), ("", false), ("u:hash:x", false),
    ])
    func digestID(_ id: String, _ isValid: Bool) {
        #expect(DigestScheme.isValid(id: id) == isValid)
    }

    @Test("the prefix of getEphemerals is taken without the space around it")
    func ephemeralPrefix() {
        client.create("/e", mode: .ephemeral)
        for (prefix, count) in [("", 1), (" ", 1), (" / ", 1), ("/e", 1), ("/x", 0), (" /e", 0)] {
            let reply = client.call(.getEphemerals) { $0.writeString(prefix) }
            #expect(reply?.read { try? $0.readInt32() } == Int32(count), "prefix '\(prefix)'")
        }
    }

    private func kind(of path: String) -> NodeKind? {
        path.withByteView { harness.core.tree.find($0) }.map { harness.core.tree.kind(of: $0) }
    }

    /// The types of a multi's results, all of them of something created.
    private static func createdTypes(_ reply: Reply) -> [Int32] {
        reply.read { reader in
            var types: [Int32] = []
            while let type = try? reader.readInt32(), let isDone = try? reader.readBool(),
                (try? reader.readInt32()) != nil, !isDone
            {
                types.append(type)
                _ = try? reader.readString()
                if type == OpCode.create2.rawValue { _ = try? reader.readStat() }
            }
            return types
        }
    }
}
