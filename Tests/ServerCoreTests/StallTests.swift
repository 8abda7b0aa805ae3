import DataTree
import ServerCore
import Testing
import ZKWire

@Suite("Slow disks and clocks that jump")
struct StallTests {
    @Test("S-32: while the log stalls, reads and pings of others are answered and nobody expires")
    func slowLog() {
        let harness = CoreHarness()
        let writer = harness.connect(timeoutMilliseconds: 500)
        let reader = harness.connect(timeoutMilliseconds: 500)
        writer.create("/a", "1")
        writer.send(.setData) {
            $0.writeString("/a")
            $0.writeString("2")
            $0.writeInt32(-1)
        }
        harness.step(.turnEnded)
        for _ in 0..<100 {
            harness.advance(milliseconds: 50)
            harness.step(.tick)
            writer.send(.ping)
            reader.send(.ping)
            reader.send(.getData) {
                $0.writeString("/a")
                $0.writeBool(false)
            }
        }
        let seen = reader.replies().compactMap { $0.read { try? $0.readString() } }
        #expect(seen.filter { $0 == "1" }.count == 100)
        // The writer's own pings wait for its write: its order holds.
        #expect(writer.replies().isEmpty)
        #expect(harness.closed.isEmpty)
        harness.sync()
        #expect(writer.replies().count == 101)
        #expect(reader.get("/a")?.read { try? $0.readString() } == "2")
    }

    @Test(
        "S-33: the wall clock decides ctime and mtime and nothing else",
        arguments: [-3_600_000, 3_600_000] as [Int64])
    func wallClockJump(milliseconds: Int64) {
        let harness = CoreHarness()
        let client = harness.connect(timeoutMilliseconds: 500)
        client.create("/e", "", mode: .ephemeral)
        let before = client.exists("/e")?.stat
        harness.now.wallMilliseconds += milliseconds
        harness.run(milliseconds: 400)
        #expect(client.exists("/e")?.error == .ok)
        client.set("/e", "x")
        let after = client.exists("/e")?.stat
        #expect(after?.ctime == before?.ctime)
        #expect((after?.mtime ?? 0) - (before?.mtime ?? 0) == milliseconds + 400)
        harness.run(milliseconds: 1000)
        #expect(harness.core.sessions[client.session] == nil)
    }
}
