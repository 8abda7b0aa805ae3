// Each checker of what clients see finds the violation that it is there for.

import DataTree
import Simulation
import Testing
import ZKWire
import Zab

@Suite("The checkers of what clients see")
struct ClientCheckerTests {
    private func zxid(_ counter: UInt32) -> Zxid { GhostBench.zxid(1, counter) }
    private let session: Int64 = 0x100_0000_0000_0001

    /// A ghost with /a, /b (secret) and /a's data changed, as transactions 1 to 3.
    private func bench() -> GhostBench {
        let bench = GhostBench()
        bench.commit(GhostBench.create("/a", zxid(1)), zxid(1))
        bench.commit(GhostBench.create("/b", zxid(2), cversion: 2, isSecret: true), zxid(2))
        bench.commit(GhostBench.set("/a", "x", zxid(3)), zxid(3))
        return bench
    }

    // MARK: Transactions

    @Test("C-06: a request that is committed twice; C-10: one of a session that is closed")
    func requests() {
        let bench = GhostBench()
        for counter in 1...2 as ClosedRange<UInt32> {
            bench.commit(
                GhostBench.create("/n\(counter)", zxid(counter), session: session, cxid: 5),
                zxid(counter))
        }
        #expect(bench.violation == "C-06")
        let closed = GhostBench()
        closed.commit(GhostBench.closeSession(session, zxid(1), cxid: 7), zxid(1))
        closed.commit(GhostBench.create("/n", zxid(2), session: session, cxid: 8), zxid(2))
        #expect(closed.violation == "C-10")
    }

    @Test("C-08: a session that is closed twice, or expires before its time")
    func sessions() {
        let bench = GhostBench()
        bench.commit(GhostBench.closeSession(session, zxid(1), cxid: 7), zxid(1))
        bench.commit(GhostBench.closeSession(session, zxid(2), cxid: 8), zxid(2))
        #expect(bench.violation == "C-08")
        for (milliseconds, isRight) in [(Int64(1999), false), (2000, true)] {
            let expiring = GhostBench()
            expiring.commit(
                GhostBench.createSession(session, zxid(1), timeout: 2000), zxid(1))
            expiring.now = Instant(nanoseconds: 5_000_000_000)
            expiring.ghost.sessions.heard(
                SessionID(rawValue: session), at: expiring.leader, expiring.now)
            expiring.now = expiring.now + .milliseconds(milliseconds)
            expiring.commit(GhostBench.closeSession(session, zxid(2)), zxid(2))
            #expect((expiring.violation == nil) == isRight)
            if !isRight { #expect(expiring.violation == "C-08") }
        }
    }

    @Test("C-09: an ephemeral of a session that does not live")
    func ephemerals() {
        let bench = GhostBench()
        bench.commit(
            GhostBench.create("/e", zxid(1), kind: .ephemeral, session: session, cxid: 1), zxid(1))
        #expect(bench.violation == "C-09")
    }

    @Test("C-14: a sequential znode with a number that was given out before")
    func sequences() {
        let bench = GhostBench()
        bench.commit(GhostBench.create("/q-0000000004", zxid(1)), zxid(1))
        bench.commit(GhostBench.create("/q-0000000003", zxid(2), cversion: 2), zxid(2))
        #expect(bench.violation == "C-14")
    }

    @Test("C-16: a container that was never used, or a TTL znode whose time is not up, is reaped")
    func reaping() {
        for kind in [CreateTxn.Kind.container, .ttl(milliseconds: 500), .persistent] {
            let bench = GhostBench()
            bench.commit(GhostBench.create("/k", zxid(1), kind: kind, time: 1000), zxid(1))
            let reap = GhostBench.txn(zxid(2), .deleteContainer, time: 1500) { bytes in
                "/k".withByteView { bytes.writeDeleteTxn(path: $0) }
            }
            bench.commit(reap, zxid(2))
            #expect(bench.violation == "C-16")
        }
    }

    // MARK: Watches

    private func event(_ type: EventType, _ path: String, _ counter: UInt32) -> ClientWatches.Event {
        ClientWatches.Event(type: type.rawValue, path: path, zxid: zxid(counter))
    }

    private func watches(_ mode: ClientWatches.Modes, _ path: String) -> ClientWatches {
        var watches = ClientWatches(isPrivileged: false)
        watches.add(mode, path)
        return watches
    }

    @Test("watches of every kind: what is to be told is told, once, in order")
    func rightEvents() {
        let history = bench().ghost.model.history
        var once = watches(.exists, "/a")
        #expect(once.hear(event(.nodeCreated, "/a", 1), history) == nil)
        #expect(once.reach(zxid(3), history) == nil)
        var persistent = watches(.persistent, "/a")
        #expect(persistent.hear(event(.nodeCreated, "/a", 1), history) == nil)
        #expect(persistent.hear(event(.nodeDataChanged, "/a", 3), history) == nil)
        #expect(persistent.reach(zxid(3), history) == nil)
        var recursive = watches(.recursive, "/")
        #expect(recursive.hear(event(.nodeCreated, "/a", 1), history) == nil)
        #expect(recursive.hear(event(.nodeDataChanged, "/a", 3), history) == nil)
        #expect(recursive.reach(zxid(3), history) == nil)
        var child = watches(.child, "/")
        #expect(child.hear(event(.nodeChildrenChanged, "/", 1), history) == nil)
        #expect(child.reach(zxid(3), history) == nil)
    }

    @Test("C-11: something is seen before the event of it")
    func lateEvents() {
        let history = bench().ghost.model.history
        var watches = watches(.exists, "/a")
        #expect(watches.reach(zxid(1), history)?.property == "C-11")
    }

    @Test("C-12: events twice, of another kind, out of order, of nothing, of the wrong transaction")
    func wrongEvents() {
        let history = bench().ghost.model.history
        var twice = watches(.exists, "/a")
        #expect(twice.hear(event(.nodeCreated, "/a", 1), history) == nil)
        #expect(twice.hear(event(.nodeDataChanged, "/a", 3), history)?.property == "C-12")
        let wrong: [(ClientWatches.Modes, String, ClientWatches.Event)] = [
            (.recursive, "/", event(.nodeChildrenChanged, "/", 1)),
            (.persistent, "/a", event(.nodeDataChanged, "/a", 3)),
            (.persistent, "/c", event(.nodeCreated, "/c", 3)),
            (.exists, "/a", event(.nodeCreated, "/a", 2)),
        ]
        for (mode, path, event) in wrong {
            var watches = watches(mode, path)
            #expect(watches.hear(event, history)?.property == "C-12", "\(event)")
        }
    }

    @Test("C-13: who may not read a znode hears nothing of it")
    func secretEvents() {
        let history = bench().ghost.model.history
        var watches = watches(.persistent, "/b")
        #expect(watches.hear(event(.nodeCreated, "/b", 2), history)?.property == "C-12")
        var privileged = ClientWatches(isPrivileged: true)
        privileged.add(.persistent, "/b")
        #expect(privileged.hear(event(.nodeCreated, "/b", 2), history) == nil)
    }

    @Test("C-12: setWatches tells exactly what was missed")
    func rearming() {
        let history = bench().ghost.model.history
        for (events, isRight) in [
            ([event(.nodeDataChanged, "/a", 3)], true), ([], false),
            ([event(.nodeDataChanged, "/a", 3), event(.nodeDataChanged, "/a", 3)], false),
        ] {
            var watches = watches(.data, "/a")
            watches.reconnected()
            for event in events { #expect(watches.hear(event, history) == nil) }
            let failure = watches.restored(at: zxid(3), since: zxid(1), history)
            #expect((failure == nil) == isRight)
        }
        var unchanged = watches(.data, "/a")
        unchanged.reconnected()
        #expect(unchanged.restored(at: zxid(3), since: zxid(3), history) == nil)
    }

    // MARK: Replies

    /// A client that is owed one reply; odd ones do not know the password.
    private func client(
        _ bench: GhostBench, _ kind: Request.Kind, number: Int = 1, floor: Zxid = .zero
    ) -> SimulatedClient {
        let network = Network(
            bench.run, Chance(seed: 1), latency: .microseconds(1) ... .microseconds(2))
        let client = SimulatedClient(bench.run, network, bench.ghost, number, Chance(seed: 2))
        client.owed = [Request(xid: 1, kind: kind, floor: floor)]
        client.session = SessionID(rawValue: session)
        return client
    }

    private func violation(
        _ kind: Request.Kind, xid: Int32 = 1, at counter: UInt32 = 3, error: ErrorCode = .ok,
        floor: Zxid = .zero, former: Int64? = nil, body: [UInt8] = [], in bench: GhostBench? = nil
    ) -> String? {
        let bench = bench ?? self.bench()
        let client = client(bench, kind, floor: floor)
        client.former = former.map { SessionID(rawValue: $0) }
        body.withByteView {
            client.handle(Reply(xid: xid, zxid: zxid(counter), error: error, body: $0))
        }
        return bench.violation
    }

    private func body(_ data: String, _ stat: Stat?) -> [UInt8] {
        let body = ByteWriter()
        body.writeString(data)
        if let stat { body.writeStat(stat) }
        return body.bytes
    }

    private var statOfA: Stat? {
        let tree = bench().ghost.model.tree
        return "/a".withByteView { view in tree.find(view).map { tree.stat(of: $0) } }
    }

    @Test("C-02: a reply to another request; C-03: an older zxid than before")
    func replies() {
        #expect(violation(.sync, xid: 2) == "C-02")
        let bench = bench()
        let client = client(bench, .sync)
        [UInt8]().withByteView {
            client.handle(Reply(xid: SpecialXid.ping, zxid: zxid(3), error: .ok, body: $0))
            client.handle(Reply(xid: 1, zxid: zxid(2), error: .ok, body: $0))
        }
        #expect(bench.violation == "C-03")
    }

    @Test("C-01, C-06: a write that is not committed, or as another transaction than its reply says")
    func writes() {
        let kind = Request.Kind.write(.create, path: "/n", guarding: "/")
        #expect(violation(kind) == "C-06")
        func committed() -> GhostBench {
            let bench = bench()
            bench.commit(
                GhostBench.createSession(session, zxid(4), timeout: 2000), zxid(4))
            bench.commit(
                GhostBench.create("/n", zxid(5), session: session, cxid: 1, cversion: 3), zxid(5))
            return bench
        }
        #expect(violation(kind, at: 5, in: committed()) == nil)
        #expect(violation(kind, at: 4, in: committed()) == "C-01")
        #expect(violation(kind, at: 5, floor: zxid(5), in: committed()) == "C-01")
        #expect(violation(kind, at: 5, error: .nodeExists, in: committed()) == "C-06")
    }

    @Test("C-04: other data, other children, a znode that is not there; C-15: another Stat")
    func reads() throws {
        var stat = try #require(statOfA)
        let get = Request.Kind.getData("/a", watches: false)
        #expect(violation(get, body: body("x", stat)) == nil)
        #expect(violation(get, body: body("y", stat)) == "C-04")
        #expect(violation(get, at: 2, body: body("x", stat)) == "C-04")
        #expect(violation(get, error: .noNode) == "C-04")
        stat.version += 1
        #expect(violation(get, body: body("x", stat)) == "C-15")
        let children = ByteWriter()
        children.writeInt32(1)
        children.writeString("z")
        #expect(violation(.getChildren("/", watches: false), body: children.bytes) == "C-04")
    }

    @Test("C-13: who has no password is let read or write what is secret")
    func secrets() {
        #expect(violation(.getData("/b", watches: false), error: .noAuth) == nil)
        #expect(violation(.getData("/b", watches: false), body: body("", statOfA)) == "C-13")
        #expect(violation(.getData("/a", watches: false), error: .noAuth) == "C-04")
        let bench = bench()
        bench.commit(
            GhostBench.txn(zxid(4), .setData, session: session, cxid: 1) { bytes in
                "/b".withByteView { bytes.writeSetDataTxn(path: $0, data: $0, version: 1) }
            }, zxid(4))
        let kind = Request.Kind.write(.setData, path: "/b", guarding: "/b")
        #expect(violation(kind, at: 4, in: bench) == "C-13")
    }

    @Test("C-17: a sync that does not show what was acknowledged; C-18: nor the end of a session")
    func syncs() {
        #expect(violation(.sync, floor: zxid(3)) == nil)
        #expect(violation(.sync, at: 2, floor: zxid(3)) == "C-17")
        #expect(violation(.sync, former: session) == "C-18")
        let bench = bench()
        bench.commit(GhostBench.closeSession(session, zxid(4), cxid: 9), zxid(4))
        #expect(violation(.sync, at: 4, former: session, in: bench) == nil)
    }
}
