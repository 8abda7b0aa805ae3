import ServerCore
import Testing
import ZKWire

@Suite("Quotas and what is in flight")
struct InFlightQuotaTests {
    let harness = CoreHarness { $0.enforceQuota = true }
    let client: TestClient

    init() {
        client = harness.connect()
        client.create("/q", "1234")
        client.create("/zookeeper/quota/q")
        setLimits("/q", "byteHardLimit=10;countHardLimit=3")
    }

    private func setLimits(_ path: String, _ limits: String) {
        client.create("/zookeeper/quota\(path)/zookeeper_limits", "count=-1,bytes=-1=;" + limits)
        client.create("/zookeeper/quota\(path)/zookeeper_stats", "count=0,bytes=0")
    }

    private func sendCreate(_ path: String, _ data: String = "", _ mode: CreateMode = .persistent) {
        client.send(.create) { $0.writeCreate(path, data, mode) }
    }

    private func sendSet(_ path: String, _ data: String, version: Int32 = -1) {
        client.send(.setData) {
            $0.writeString(path)
            $0.writeString(data)
            $0.writeInt32(version)
        }
    }

    private func sendDelete(_ path: String) {
        client.send(.delete) {
            $0.writeString(path)
            $0.writeInt32(-1)
        }
    }

    /// The answers to everything that was sent since the last look.
    private func answers() -> [ErrorCode] {
        harness.sync()
        return client.replies().map(\.error)
    }

    private var stats: String? {
        client.get("/zookeeper/quota/q/zookeeper_stats")?.read { try? $0.readString() }
    }

    @Test("pipelined creations do not pass a hard limit of znodes")
    func creations() {
        for name in ["a", "b", "c", "d"] { sendCreate("/q/" + name) }
        #expect(answers() == [.ok, .ok, .quotaExceeded, .quotaExceeded])
        #expect(stats == "count=3,bytes=4")
        // And what was in flight is not counted twice once the tree has it.
        client.delete("/q/a")
        #expect(client.create("/q/c")?.error == .ok)
    }

    @Test("pipelined sets do not pass a hard limit of bytes, whichever znode they are of")
    func sets() {
        sendCreate("/q/a", "12")
        sendSet("/q/a", "1234")
        sendSet("/q", "1234567")
        sendSet("/q", "123456")
        #expect(answers() == [.ok, .ok, .quotaExceeded, .ok])
        #expect(stats == "count=2,bytes=10")
    }

    @Test("what is being deleted makes room for what comes after it")
    func deletions() {
        client.create("/q/a", "123456")
        sendCreate("/q/b", "1")
        sendDelete("/q/a")
        sendCreate("/q/b", "1")
        sendCreate("/q/c", "12345")
        sendSet("/q/c", "123456")
        #expect(answers() == [.quotaExceeded, .ok, .ok, .ok, .quotaExceeded])
        #expect(stats == "count=3,bytes=10")
    }

    @Test("a request that fails takes nothing, alone or as a part of a multi")
    func failures() {
        sendSet("/q", "1234567890", version: 7)
        client.send(.multi) {
            $0.writePart(.create) { $0.writeCreate("/q/a", "") }
            $0.writePart(.create) { $0.writeCreate("/q/b", "") }
            $0.writePart(.create) { $0.writeCreate("/q/c", "") }
            $0.writeMultiEnd()
        }
        sendCreate("/q/a", "123456")
        sendCreate("/q/b")
        #expect(answers() == [.badVersion, .ok, .ok, .ok])
        #expect(stats == "count=3,bytes=10")
    }

    @Test("ephemerals of a session that is ending make room")
    func sessionEnd() {
        let other = harness.connect()
        other.create("/q/e", "123456", mode: .ephemeral)
        other.send(.closeSession)
        sendCreate("/q/a", "123456")
        #expect(answers() == [.ok])
        #expect(stats == "count=2,bytes=10")
    }

    @Test("the innermost quota counts, and others are left alone")
    func nesting() {
        client.create("/q/in")
        client.create("/zookeeper/quota/q/in")
        setLimits("/q/in", "countHardLimit=2")
        sendCreate("/q/in/a")
        sendCreate("/q/in/b")
        sendCreate("/q/a")
        sendCreate("/q/b")
        #expect(answers() == [.ok, .quotaExceeded, .ok, .quotaExceeded])
    }
}
