import DataTree
import ServerCore
import Testing
import ZKWire

@Suite("Sessions: opened, kept, moved, expired, closed")
struct SessionTests {
    @Test("passwords are Apache's: java.util.Random seeded with the id and its secret")
    func passwords() {
        // The documented `new Random(42).nextInt()` is -1170105035; bytes go lowest first.
        #expect(
            SessionPassword.password(for: SessionID(rawValue: 42 ^ 0xB341_5C00)).prefix(4)
                == [0x35, 0x9D, 0x41, 0xBA])
        let id = SessionID(rawValue: 0x1_0000_0000_0001)
        #expect(SessionPassword.isValid(SessionPassword.password(for: id), for: id))
        #expect(!SessionPassword.isValid([UInt8](repeating: 0, count: 16), for: id))
        #expect(!SessionPassword.isValid(SessionPassword.password(for: .none), for: .none))
    }

    @Test("the server's number is the high byte of its session ids")
    func identifiers() {
        let id = SessionID.initial(server: ServerID(rawValue: 3), wallMilliseconds: 1_700_000_000_000)
        #expect(UInt64(bitPattern: id.rawValue) >> 56 == 3)
        #expect(id < SessionID.initial(server: ServerID(rawValue: 3), wallMilliseconds: 1_700_000_000_001))
    }

    @Test("the time-out is negotiated into the configured range")
    func negotiation() {
        let harness = CoreHarness()
        for (asked, granted) in [(1, 200), (500, 500), (99_999, 10_000)] as [(Int32, Int32)] {
            let client = harness.open()
            client.handshake(timeoutMilliseconds: asked)
            harness.sync()
            #expect(client.connectResponse()?.timeoutMilliseconds == granted)
        }
    }

    @Test("a session that is not heard of expires with its ephemerals; pings keep it")
    func expiry() {
        let harness = CoreHarness()
        let silent = harness.connect(timeoutMilliseconds: 500)
        let lively = harness.connect(timeoutMilliseconds: 500)
        silent.create("/e", "", mode: .ephemeral)
        lively.create("/f", "", mode: .ephemeral)
        for _ in 0..<10 {
            harness.run(milliseconds: 100)
            lively.send(.ping)
        }
        #expect(lively.exists("/e")?.error == .noNode)
        #expect(lively.exists("/f")?.error == .ok)
        #expect(harness.closed.map(\.reason) == [.sessionExpired])
        #expect(
            harness.notices.contains(
                .sessionExpired(silent.session, timeoutMilliseconds: 500)))
    }

    @Test("a session outlives its connection and resumes with id and password")
    func resume() {
        let harness = CoreHarness()
        let first = harness.connect()
        first.create("/e", "", mode: .ephemeral)
        harness.step(.connectionClosed(first.id))
        let second = harness.open()
        second.handshake(session: first.session, password: first.password)
        #expect(second.connectResponse()?.session == first.session)
        #expect(second.exists("/e")?.stat?.ephemeralOwner == first.session.rawValue)
        let thief = harness.open()
        thief.handshake(session: first.session)
        #expect(thief.connectResponse()?.timeoutMilliseconds == 0)
        #expect(harness.closed.last?.reason == .sessionInvalid)
    }

    @Test("resuming elsewhere closes the older connection")
    func moved() {
        let harness = CoreHarness()
        let first = harness.connect()
        let second = harness.open()
        second.handshake(session: first.session, password: first.password)
        #expect(harness.closed.map(\.reason) == [.sessionReconnected])
        #expect(harness.closed.map(\.connection) == [first.id])
    }

    @Test(
        """
        1208, 1496, C-10: closing takes ephemerals along, those in flight too, and nothing commits \
        afterwards
        """)
    func close() {
        let harness = CoreHarness()
        let client = harness.connect()
        let watcher = harness.connect()
        client.create("/e1", "", mode: .ephemeral)
        client.send(.create) { $0.writeCreate("/e2", "", .ephemeral) }
        client.send(.closeSession)
        client.send(.create) { $0.writeCreate("/late", "") }
        harness.sync()
        #expect(watcher.exists("/e1")?.error == .noNode)
        #expect(watcher.exists("/e2")?.error == .noNode)
        #expect(watcher.exists("/late")?.error == .noNode)
        #expect(harness.core.sessions[client.session] == nil)
    }

    @Test("what was sent before closeSession is answered, what was sent after it is not")
    func closeInPipeline() {
        let harness = CoreHarness()
        let client = harness.connect()
        let create = client.send(.create) { $0.writeCreate("/a", "") }
        let close = client.send(.closeSession)
        client.send(.create) { $0.writeCreate("/late", "") }
        client.send(.exists) {
            $0.writeString("/a")
            $0.writeBool(false)
        }
        harness.sync()
        #expect(client.replies().map(\.xid) == [create, close])
        #expect(harness.closed.map(\.reason) == [.sessionClosed])
    }

    @Test("a resumed session reads nothing older than what it wrote by its former connection")
    func resumeWithWritesInFlight() {
        let harness = CoreHarness()
        let first = harness.connect()
        first.send(.create) { $0.writeCreate("/a", "new") }
        harness.step(.turnEnded)
        harness.step(.connectionClosed(first.id))
        let second = harness.open()
        second.handshake(session: first.session, password: first.password)
        let get = second.send(.getData) {
            $0.writeString("/a")
            $0.writeBool(false)
        }
        let set = second.send(.setData) {
            $0.writeString("/a")
            $0.writeString("newer")
            $0.writeInt32(-1)
        }
        #expect(harness.core.connections[second.id]?.output.count == 0)
        harness.sync()
        // The connect response is the first frame and has no reply header.
        let replies = second.replies().dropFirst()
        #expect(replies.map(\.xid) == [get, set])
        #expect(replies.first?.read { try? $0.readString() } == "new")
    }

    @Test("a clock that was set back gives nobody another client's session")
    func clockSetBack() {
        let id = SessionID.initial(
            server: ServerID(rawValue: 0), wallMilliseconds: 1_700_000_000_000)
        let tree = DataTree()
        var observer = NoObserver()
        tree.apply(
            TxnHeader(
                session: id, cxid: 0, zxid: Zxid(rawValue: 1), time: 0,
                type: OpCode.createSession.rawValue),
            .createSession(timeoutMilliseconds: 10_000), observer: &observer)
        let harness = CoreHarness(tree: tree)
        #expect(harness.connect().session > id)
        #expect(harness.core.sessions.count == 2)
    }

    @Test("what clients sent before a pause of the server gives them no longer life")
    func pauseSeenByInput() {
        let harness = CoreHarness()
        let client = harness.connect(timeoutMilliseconds: 500)
        harness.run(milliseconds: 100)
        harness.advance(milliseconds: 3_600_000)
        client.send(.ping)
        harness.run(milliseconds: 1000)
        #expect(harness.core.sessions[client.session] == nil)
    }

    @Test("a stall that is longer than a tick takes no more than a tick of a session's time")
    func stall() {
        let harness = CoreHarness()
        harness.advance(milliseconds: 99)
        let client = harness.connect(timeoutMilliseconds: 200)
        for milliseconds in [60, 199] as [Int64] {
            harness.advance(milliseconds: milliseconds)
            harness.step(.tick)
        }
        harness.sync()
        #expect(harness.core.sessions[client.session] != nil)
    }

    @Test("a session whose connection the server does not read for want of room is not expired")
    func expiryWhileHeldBack() {
        let harness = CoreHarness { $0.maximumOutstanding = 2 }
        let client = harness.connect(timeoutMilliseconds: 500)
        for round in 0..<3 { client.send(.create) { $0.writeCreate("/n\(round)", "") } }
        harness.step(.turnEnded)
        #expect(harness.paused == [client.id])
        // The disk stands still: nothing is reported durable.
        for _ in 0..<40 {
            harness.advance(milliseconds: 50)
            harness.step(.tick)
        }
        harness.sync()
        #expect(client.replies().map(\.error) == [.ok, .ok, .ok])
        #expect(harness.core.sessions[client.session] != nil)
        harness.run(milliseconds: 1000)
        #expect(harness.core.sessions[client.session] == nil)
    }

    @Test("a client with too much unread is not read, and lives as long as it takes some of it")
    func slowDownload() {
        let harness = CoreHarness()
        let slow = harness.connect(timeoutMilliseconds: 500)
        slow.create("/big", String(repeating: "x", count: 200_000))
        for _ in 0..<20 {
            slow.send(.getData) {
                $0.writeString("/big")
                $0.writeBool(false)
            }
        }
        #expect(harness.paused == [slow.id])
        for _ in 0..<20 {
            harness.run(milliseconds: 400)
            harness.step(.outputReceived(slow.id))
        }
        #expect(harness.core.sessions[slow.session] != nil)
        harness.run(milliseconds: 1000)
        #expect(harness.core.sessions[slow.session] == nil)
    }

    @Test("the request that finds no room is a sign of life")
    func lifeAtTheLimit() {
        let harness = CoreHarness()
        let slow = harness.connect(timeoutMilliseconds: 1000)
        slow.create("/big", String(repeating: "x", count: 600_000))
        let get = TestClient.frame(xid: 7, type: OpCode.getData.rawValue) {
            $0.writeString("/big")
            $0.writeBool(false)
        }
        harness.bytes(slow.id, get + get)
        harness.run(milliseconds: 800)
        #expect(harness.paused.isEmpty)
        slow.send(.ping)
        #expect(harness.paused == [slow.id])
        harness.run(milliseconds: 800)
        #expect(harness.core.sessions[slow.session] != nil)
        harness.run(milliseconds: 1000)
        #expect(harness.core.sessions[slow.session] == nil)
    }

    @Test("a client that is read has to say that it lives, whatever it takes")
    func takesAndSaysNothing() {
        let harness = CoreHarness()
        let client = harness.connect(timeoutMilliseconds: 500)
        for _ in 0..<10 {
            harness.run(milliseconds: 200)
            harness.step(.outputReceived(client.id))
        }
        #expect(harness.core.sessions[client.session] == nil)
    }

    @Test("the server's own pause expires nobody")
    func pause() {
        let harness = CoreHarness()
        let client = harness.connect(timeoutMilliseconds: 500)
        client.create("/e", "", mode: .ephemeral)
        harness.run(milliseconds: 100)
        harness.advance(milliseconds: 60_000)
        harness.step(.tick)
        harness.sync()
        #expect(harness.core.sessions[client.session] != nil)
        harness.run(milliseconds: 1000)
        #expect(harness.core.sessions[client.session] == nil)
    }

    @Test("a client that has seen more than this server is sent elsewhere")
    func ahead() {
        let harness = CoreHarness()
        let client = harness.open()
        client.handshake(lastZxidSeen: Zxid(rawValue: 99))
        #expect(harness.closed.map(\.reason) == [.clientZxidAhead])
    }

    @Test("ephemerals without a session are cleared at the start")
    func orphans() throws {
        let tree = DataTree()
        let session = SessionID(rawValue: 77)
        let acl = ByteWriter()
        acl.writeACL(ACLEntry.openUnsafe)
        var observer = NoObserver()
        "/orphan".withByteView { path in
            tree.apply(
                TxnHeader(
                    session: session, cxid: 1, zxid: Zxid(rawValue: 1), time: 0,
                    type: OpCode.create.rawValue),
                .create(
                    CreateTxn(
                        path: path, data: nil, acl: acl.view, kind: .ephemeral, parentCVersion: 1)),
                observer: &observer)
        }
        let harness = CoreHarness(tree: tree)
        harness.sync()
        #expect(harness.connect().exists("/orphan")?.error == .noNode)
    }
}
