import DataTree
import ServerCore
import Testing
import ZKWire

@Suite("Input: frames in any pieces, bounds, back-pressure")
struct InputTests {
    @Test("bytes may come one by one")
    func byteByByte() {
        let harness = CoreHarness()
        let client = harness.open()
        let frame = ByteWriter()
        frame.writeFrame(
            ConnectRequest(
                protocolVersion: 0, lastZxidSeen: .zero, timeoutMilliseconds: 1000, session: .none,
                password: [UInt8](repeating: 0, count: 16), acceptsReadOnly: false,
                hasReadOnlyByte: true))
        for byte in frame.bytes { harness.bytes(client.id, [byte]) }
        harness.sync()
        #expect(client.connectResponse()?.timeoutMilliseconds == 1000)
        let create = TestClient.frame(xid: 1, type: OpCode.create.rawValue) {
            $0.writeCreate("/a", "value")
        }
        let get = TestClient.frame(xid: 2, type: OpCode.getData.rawValue) {
            $0.writeString("/a")
            $0.writeBool(false)
        }
        for byte in create + get { harness.bytes(client.id, [byte]) }
        harness.sync()
        #expect(client.replies().map(\.xid) == [1, 2])
    }

    @Test("a length out of range ends its own connection only", arguments: [
        -1, Int32.min, 0xfffff + 1, Int32.max,
    ] as [Int32])
    func badLength(length: Int32) {
        let harness = CoreHarness()
        let other = harness.connect()
        let client = harness.connect()
        let frame = ByteWriter()
        frame.writeInt32(length)
        harness.bytes(client.id, frame.bytes)
        #expect(harness.closed.map(\.connection) == [client.id])
        #expect(other.exists("/")?.error == .ok)
    }

    @Test("any truncation of a request's body is an error reply, never a crash")
    func truncatedBodies() {
        let harness = CoreHarness()
        let client = harness.connect()
        let whole = ByteWriter()
        whole.writeCreate("/t", "data")
        for length in 0..<whole.count {
            let reply = client.call(.create) { $0.writeRaw(Array(whole.bytes[..<length])) }
            #expect(reply?.error == .marshallingError)
        }
        for op in [OpCode.getData, .exists, .getChildren2, .setWatches2, .multiRead, .getACL] {
            #expect(client.call(op)?.error == .marshallingError)
        }
    }

    @Test("four-letter words are handed to the shell, once")
    func words() {
        let harness = CoreHarness()
        let client = harness.open()
        harness.bytes(client.id, Array("ruok\n".utf8))
        #expect(harness.words.map(\.word) == ["ruok"])
        let mask = harness.open()
        harness.bytes(mask.id, Array("stmk".utf8) + [0, 0, 0, 0, 0, 0, 1, 50])
        #expect(harness.words.last?.argument == 306)
    }

    @Test("beyond the outstanding limit a connection is not read until there is room")
    func backPressure() {
        let harness = CoreHarness { $0.maximumOutstanding = 4 }
        let client = harness.connect()
        for round in 0..<20 { client.send(.create) { $0.writeCreate("/n\(round)", "") } }
        #expect(harness.paused == [client.id])
        #expect(harness.core.outstandingCount == 4)
        harness.sync()
        #expect(client.replies().map(\.error) == [ErrorCode](repeating: .ok, count: 20))
        #expect(harness.resumed.last == client.id)
    }

    @Test("a client that does not read holds back itself and nobody else")
    func slowReader() {
        let harness = CoreHarness()
        let slow = harness.connect()
        let fast = harness.connect()
        slow.create("/big", String(repeating: "x", count: 200_000))
        for _ in 0..<20 {
            slow.send(.getData) {
                $0.writeString("/big")
                $0.writeBool(false)
            }
        }
        #expect(harness.paused == [slow.id])
        #expect(fast.exists("/big")?.error == .ok)
        #expect(slow.replies().count < 20)
        for _ in 0..<10 where harness.resumed.isEmpty {
            harness.step(.outputDrained(slow.id))
            _ = slow.replies()
        }
        #expect(harness.resumed == [slow.id])
    }

    @Test("output beyond its bound ends the connection")
    func outputBound() {
        let harness = CoreHarness { $0.maximumOutputBytes = 2000 }
        let watcher = harness.connect()
        let writer = harness.connect()
        watcher.call(.addWatch) {
            $0.writeString("/")
            $0.writeInt32(1)
        }
        for round in 0..<100 { writer.create("/n\(round)") }
        #expect(harness.closed.map(\.connection) == [watcher.id])
        #expect(harness.closed.first?.reason == .outputBound(bytes: 2000))
    }

    @Test("a connection that asks for nothing is closed after its time")
    func silent() {
        let harness = CoreHarness { $0.sessionlessTimeout = .milliseconds(500) }
        let silent = harness.open()
        let busy = harness.connect(timeoutMilliseconds: 10_000)
        harness.run(milliseconds: 1000)
        #expect(harness.closed.map(\.connection) == [silent.id])
        #expect(busy.exists("/")?.error == .ok)
    }

    @Test("a snapshot is due after so many transactions, once")
    func snapshotDue() {
        let harness = CoreHarness { $0.snapshotTxnCount = 10 }
        let client = harness.connect()
        for round in 0..<8 { client.create("/n\(round)") }
        #expect(!harness.isSnapshotDue)
        client.create("/last")
        #expect(harness.isSnapshotDue)
    }
}
