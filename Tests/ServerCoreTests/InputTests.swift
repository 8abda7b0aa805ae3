import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

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

    @Test("a session can be resumed when there is no room for requests")
    func resumeUnderLoad() {
        let harness = CoreHarness { $0.maximumOutstanding = 1 }
        let lost = harness.connect(timeoutMilliseconds: 500)
        harness.step(.connectionClosed(lost.id))
        let busy = harness.connect(timeoutMilliseconds: 500)
        busy.send(.create) { $0.writeCreate("/a", "") }
        harness.step(.turnEnded)
        let back = harness.open()
        back.handshake(session: lost.session, password: lost.password)
        #expect(back.connectResponse()?.session == lost.session)
        #expect(harness.paused.isEmpty)
    }

    @Test("a word is answered when there is no room for requests, and may come in pieces")
    func wordsUnderLoad() {
        let harness = CoreHarness { $0.maximumOutstanding = 1 }
        let client = harness.connect()
        client.send(.create) { $0.writeCreate("/a", "") }
        let probe = harness.open()
        harness.bytes(probe.id, Array("mntr".utf8))
        let mask = harness.open()
        let setMask = Array("stmk".utf8) + [0, 0, 0, 0, 0, 0, 1, 50]
        for byte in setMask { harness.bytes(mask.id, [byte]) }
        #expect(harness.words.map(\.word) == ["mntr", "stmk"])
        #expect(harness.words.last?.argument == 306)
        #expect(harness.paused.isEmpty)
    }

    @Test("reads that wait behind a write are bounded in bytes")
    func pendingBytes() {
        let harness = CoreHarness()
        let client = harness.connect()
        client.send(.create) { $0.writeCreate("/a", "") }
        let path = String(repeating: "x", count: 100_000)
        for _ in 0..<20 {
            client.send(.exists) {
                $0.writeString(path)
                $0.writeBool(false)
            }
        }
        #expect(harness.paused == [client.id])
        harness.sync()
        #expect(client.replies().count == 21)
        #expect(harness.resumed == [client.id])
    }

    @Test("proposals in flight are bounded in bytes")
    func outstandingBytes() {
        let harness = CoreHarness { $0.maximumOutstandingBytes = 100_000 }
        let client = harness.connect()
        let data = String(repeating: "x", count: 60_000)
        for round in 0..<5 { client.send(.create) { $0.writeCreate("/n\(round)", data) } }
        #expect(harness.core.outstandingCount == 2)
        harness.sync()
        #expect(client.replies().map(\.error) == [ErrorCode](repeating: .ok, count: 5))
    }

    @Test("what one answer, or those of waiting reads together, may take is bounded")
    func answersBound() {
        let harness = CoreHarness { $0.maximumOutputBytes = 500_000 }
        let writer = harness.connect()
        writer.create("/big", String(repeating: "x", count: 200_000))
        let pipelining = harness.connect()
        pipelining.send(.create) { $0.writeCreate("/a", "") }
        for _ in 0..<100 {
            pipelining.send(.getData) {
                $0.writeString("/big")
                $0.writeBool(false)
            }
        }
        let many = harness.connect()
        many.send(.multiRead) { body in
            for _ in 0..<100 {
                body.writePart(.getData) {
                    $0.writeString("/big")
                    $0.writeBool(false)
                }
            }
            body.writeMultiEnd()
        }
        #expect((harness.core.connections[many.id]?.output.count ?? .max) < 1_000_000)
        harness.step(.turnEnded)
        harness.step(
            .zab(.appended(upTo: harness.logged.last?.lastZxid ?? .zero)))
        #expect((harness.core.connections[pipelining.id]?.output.count ?? .max) < 1_000_000)
        harness.sync()
        #expect(Set(harness.closed.map(\.connection)) == [pipelining.id, many.id])
    }

    @Test("a connection has so many identities, and a scheme's name stays out of the log")
    func identities() {
        let harness = CoreHarness()
        let client = harness.connect()
        for number in 0..<200 { client.authenticate("user\(number):secret") }
        #expect(harness.closed.map(\.reason) == [.authenticationFailed])
        let liar = harness.connect()
        harness.bytes(
            liar.id,
            TestClient.frame(xid: SpecialXid.auth, type: OpCode.auth.rawValue) {
                $0.writeInt32(0)
                $0.writeString("x\n2026-01-01 INFO all is well")
                $0.writeString("")
            })
        let schemes = harness.notices.compactMap { notice in
            if case .authentication(_, let scheme, accepted: false) = notice { scheme } else { nil }
        }
        #expect(schemes == ["digest", "unknown"])
    }

    @Test("large writes in flight are bounded in bytes, and small ones go on meanwhile")
    func largeRequests() {
        let harness = CoreHarness {
            $0.largeRequestBytes = 10_000
            $0.maximumLargeBytes = 100_000
        }
        let (large, small) = (harness.connect(), harness.connect())
        let data = String(repeating: "x", count: 60_000)
        for round in 0..<4 { large.send(.create) { $0.writeCreate("/l\(round)", data) } }
        #expect(harness.core.outstandingCount == 1)
        #expect(harness.paused == [large.id])
        for round in 0..<20 { small.send(.create) { $0.writeCreate("/s\(round)", "x") } }
        #expect(harness.core.outstandingCount == 21)
        harness.sync()
        #expect(large.replies().map(\.error) == [ErrorCode](repeating: .ok, count: 4))
        #expect(small.replies().count == 20)
        #expect(harness.resumed.last == large.id)
    }

    @Test("a write beyond the bound of all large ones is taken in alone")
    func largerThanAllowed() {
        let harness = CoreHarness {
            $0.largeRequestBytes = 10_000
            $0.maximumLargeBytes = 20_000
        }
        let client = harness.connect()
        let data = String(repeating: "x", count: 60_000)
        for round in 0..<3 { client.send(.create) { $0.writeCreate("/n\(round)", data) } }
        #expect(harness.core.outstandingCount == 1)
        harness.sync()
        #expect(client.replies().map(\.error) == [ErrorCode](repeating: .ok, count: 3))
    }

    @Test("2101, 3496, 4306: no transaction is larger than the log takes, whatever jute.maxbuffer says")
    func largestTxn() {
        var configuration = CoreConfiguration()
        let ownBytes = configuration.maximumTxnBytes
        configuration.extraTxnBytes = 10
        #expect(configuration.maximumTxnBytes == ownBytes)
        configuration.extraTxnBytes = 32 << 20
        #expect(configuration.maximumTxnBytes == configuration.maximumRequestBytes + (32 << 20))
        configuration.extraTxnBytes = Int(Int32.max)
        #expect(configuration.maximumTxnBytes == 128 << 20)
        configuration.extraTxnBytes = 0
        configuration.maximumRequestBytes = Int(Int32.max)
        #expect(configuration.maximumTxnBytes == 128 << 20)
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
