import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

@Suite("The paper's order: FIFO clients, linearizable writes, watches before data")
struct OrderTests {
    @Test("a read waits for the same session's earlier write and for nobody else's")
    func readYourWrites() {
        let harness = CoreHarness()
        let writer = harness.connect()
        let reader = harness.connect()
        writer.create("/a", "old")
        let set = writer.send(.setData) {
            $0.writeString("/a")
            $0.writeString("new")
            $0.writeInt32(-1)
        }
        let get = writer.send(.getData) {
            $0.writeString("/a")
            $0.writeBool(false)
        }
        #expect(writer.replies().isEmpty)
        let other = reader.get("/a")
        // `call` synced: the reader asked before that and saw what was committed then.
        #expect(other?.read { try? $0.readString() } == "old")
        let replies = writer.replies()
        #expect(replies.map(\.xid) == [set, get])
        #expect(replies.last?.read { try? $0.readString() } == "new")
    }

    @Test("1863: pipelined requests are answered in order and no zxid goes back")
    func pipeline() {
        let harness = CoreHarness()
        let client = harness.connect()
        var sent: [Int32] = []
        for round in 0..<200 {
            sent.append(client.send(.create) { $0.writeCreate("/n\(round)", "x") })
            sent.append(
                client.send(.exists) {
                    $0.writeString("/n\(round)")
                    $0.writeBool(false)
                })
            if round % 7 == 0 { harness.step(.turnEnded) }
            if round % 31 == 0 { harness.sync() }
        }
        harness.sync()
        let replies = client.replies()
        #expect(replies.map(\.xid) == sent)
        #expect(replies.allSatisfy { $0.error == .ok })
        #expect(zip(replies, replies.dropFirst()).allSatisfy { $0.zxid <= $1.zxid })
    }

    @Test("nothing is answered before the log has it")
    func durableFirst() {
        let harness = CoreHarness()
        let client = harness.connect()
        client.send(.create) { $0.writeCreate("/a", "x") }
        harness.step(.turnEnded)
        #expect(client.replies().isEmpty)
        #expect(harness.core.tree.nodeCount == 5)
        harness.sync()
        #expect(client.replies().map(\.error) == [.ok])
    }

    @Test("a request is validated against what is still in flight")
    func futureState() {
        let harness = CoreHarness()
        let client = harness.connect()
        client.send(.create) { $0.writeCreate("/a", "") }
        client.send(.create) { $0.writeCreate("/a/b", "") }
        client.send(.create) { $0.writeCreate("/a/b", "") }
        client.send(.delete) {
            $0.writeString("/a")
            $0.writeInt32(-1)
        }
        client.send(.setData) {
            $0.writeString("/a/b")
            $0.writeString("1")
            $0.writeInt32(0)
        }
        client.send(.setData) {
            $0.writeString("/a/b")
            $0.writeString("2")
            $0.writeInt32(0)
        }
        harness.sync()
        #expect(
            client.replies().map(\.error) == [
                .ok, .ok, .nodeExists, .notEmpty, .ok, .badVersion,
            ])
    }

    @Test("a failed write takes a zxid and leaves nothing behind")
    func errorTxn() {
        let harness = CoreHarness()
        let client = harness.connect()
        let before = harness.core.lastProcessedZxid
        let reply = client.delete("/none")
        #expect(reply?.error == .noNode)
        #expect(reply?.zxid == before.next)
        #expect(harness.core.lastProcessedZxid == before.next)
        #expect(reply?.body.isEmpty == true)
    }

    @Test("a watch event arrives before the reply that shows the change")
    func watchBeforeData() throws {
        let harness = CoreHarness()
        let client = harness.connect()
        let other = harness.connect()
        client.create("/a", "1")
        _ = client.get("/a", watch: true)
        _ = other.get("/a", watch: true)
        let set = client.send(.setData) {
            $0.writeString("/a")
            $0.writeString("2")
            $0.writeInt32(-1)
        }
        let get = client.send(.getData) {
            $0.writeString("/a")
            $0.writeBool(false)
        }
        harness.sync()
        let replies = client.replies()
        #expect(replies.map(\.xid) == [SpecialXid.notification, set, get])
        let events = other.replies()
        #expect(events.count == 1)
        let event = try #require(events.first)
        let (type, path) = try event.read { reader in
            let type = try reader.readInt32()
            _ = try reader.readInt32()
            return (type, try reader.readString())
        }
        #expect(type == EventType.nodeDataChanged.rawValue && path == "/a")
        client.set("/a", "3")
        #expect(other.replies().isEmpty)
    }

    @Test("what the log got, replayed on an empty tree, is the live tree")
    func replayEquality() throws {
        let harness = CoreHarness()
        let client = harness.connect()
        client.create("/a", "1")
        client.create("/a/e", "", mode: .ephemeral)
        client.create("/a/s-", "", mode: .persistentSequential)
        client.set("/a", "22")
        client.delete("/missing")
        client.delete("/a/e")
        let replayed = DataTree()
        for batch in harness.logged {
            for entry in batch.entries {
                var reader = JuteReader(batch.payload(entry))
                let header = try reader.readTxnHeader()
                var observer = NoObserver()
                let txn = try reader.readTxn(type: header.type)
                replayed.apply(header, txn, observer: &observer)
            }
        }
        #expect(replayed.dump() == harness.core.tree.dump())
    }

    @Test("an epoch whose zxids are used up is followed by the next, and every client is answered")
    func epochEnd() {
        let tree = DataTree()
        var observer = NoObserver()
        let epoch = Epoch(rawValue: 3)
        tree.apply(
            TxnHeader(
                session: .none, cxid: 0, zxid: Zxid(epoch: epoch, counter: .max - 65_546), time: 0,
                type: OpCode.error.rawValue),
            .error(code: 0), observer: &observer)
        let harness = CoreHarness(tree: tree)
        let clients = (0..<3).map { _ in harness.connect() }
        let sent = clients.enumerated().map { number, client in
            (0..<20).map { round in
                client.send(.create) {
                    $0.writeCreate("/\(number)-\(round)", String(repeating: "x", count: 9000))
                }
            }
        }
        harness.sync()
        harness.run(milliseconds: 200)
        for (client, xids) in zip(clients, sent) { #expect(client.replies().map(\.xid) == xids) }
        #expect(harness.closed.isEmpty)
        #expect(harness.core.lastProcessedZxid.epoch == Epoch(rawValue: 4))
    }
}
