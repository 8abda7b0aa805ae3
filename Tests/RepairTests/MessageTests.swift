import Repair
import Testing
import ZKWire

@Suite("The messages of the repair protocol")
struct MessageTests {
    static let txn = NamedTxn(
        zxid: Zxid(rawValue: 0x2_0000_0001), previous: Zxid(rawValue: 0x1_0000_0007),
        payload: payload(Zxid(rawValue: 0x2_0000_0001)))

    static func payload(_ zxid: Zxid) -> [UInt8] {
        let writer = ByteWriter()
        writer.writeTxnHeader(
            TxnHeader(session: .none, cxid: 1, zxid: zxid, time: 5, type: OpCode.error.rawValue))
        writer.writeErrorTxn(-101)
        return writer.bytes
    }

    static let span = ZxidSpan(
        after: Zxid(rawValue: 0x1_0000_0005), through: Zxid(rawValue: 0x2_0000_0001))

    static let requests: [RepairRequest] = [
        .hello(ServerID(rawValue: 3)), .status, .txns(span),
        .snapshot(Zxid(rawValue: 0x1_0000_0005), offset: 0x10_0000),
    ]

    static let responses: [RepairResponse] = [
        .status(
            RepairStatus(
                server: ServerID(rawValue: 2), state: .established, isTrusted: true,
                acceptedEpoch: Epoch(rawValue: 7), currentEpoch: Epoch(rawValue: 6), log: span,
                snapshots: [SnapshotOffer(start: span.after, end: span.through, sizeBytes: 4711)])),
        .txns(TxnsResponse(span: span, txns: [txn], resume: span.through, isWhole: true)),
        .snapshot(span.after, offset: 9, [1, 2, 3]),
    ]

    private func body(_ frame: [UInt8]) -> [UInt8] { Array(frame.dropFirst(4)) }

    private func request(_ body: [UInt8]) throws(DecodeError) -> RepairRequest {
        try body.withByteView { (bytes) throws(DecodeError) in try RepairRequest(decoding: bytes) }
    }

    private func response(_ body: [UInt8]) throws(DecodeError) -> RepairResponse {
        try body.withByteView { (bytes) throws(DecodeError) in try RepairResponse(decoding: bytes) }
    }

    @Test("every message reads back as it was written")
    func roundTrips() throws {
        for message in Self.requests { #expect(try request(body(message.encoded())) == message) }
        for message in Self.responses { #expect(try response(body(message.encoded())) == message) }
    }

    @Test("the bytes are those of docs/formats/repair.md")
    func golden() throws {
        let document = try SourceText.read("docs/formats/repair.md")
        let hex = { (bytes: [UInt8]) in
            bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
                .joined(separator: " ")
        }
        #expect(document.contains(hex(RepairRequest.opening(ServerID(rawValue: 3)))))
        for message in Self.requests { #expect(document.contains(hex(message.encoded()))) }
        for message in Self.responses { #expect(document.contains(hex(message.encoded()))) }
    }

    @Test("a message that is cut anywhere, or too long, is refused")
    func cutMessages() {
        for message in Self.requests {
            let bytes = body(message.encoded())
            for count in 0..<bytes.count {
                #expect(throws: DecodeError.self) { try request(Array(bytes.prefix(count))) }
            }
            #expect(throws: DecodeError.self) { try request(bytes + [0]) }
        }
        for message in Self.responses {
            let bytes = body(message.encoded())
            for count in 0..<bytes.count {
                #expect(throws: DecodeError.self) { try response(Array(bytes.prefix(count))) }
            }
            #expect(throws: DecodeError.self) { try response(bytes + [0]) }
        }
    }

    @Test("whatever the bytes, decoding ends with a message or an error")
    func fuzz() {
        var random = SplitMix(seed: 7)
        for round in 0..<20_000 {
            let sample = Self.responses[round % 3]
            var bytes = body(round % 5 == 0 ? Self.requests[round % 4].encoded() : sample.encoded())
            for _ in 0...random.below(4) {
                bytes[random.below(bytes.count)] = UInt8(random.below(256))
            }
            if let decoded = try? response(bytes) { #expect(body(decoded.encoded()) == bytes) }
            if let decoded = try? request(bytes) { #expect(body(decoded.encoded()) == bytes) }
        }
    }

    @Test("a transaction that says it is another one is refused")
    func misnamedTransaction() {
        var txn = Self.txn
        txn.zxid = Zxid(rawValue: 0x2_0000_0000)
        let message = RepairResponse.txns(
            TxnsResponse(span: Self.span, txns: [txn], resume: Self.span.through, isWhole: true))
        #expect(throws: DecodeError.self) { try response(body(message.encoded())) }
    }

    @Test("frames are taken off a stream byte by byte, and a length beyond the limit ends it")
    func frames() throws {
        var buffer = RepairFrameBuffer(limit: 64)
        let frames = Self.requests.map { $0.encoded() }
        var found: [[UInt8]] = []
        for byte in frames.joined() {
            [byte].withByteView { buffer.add($0) }
            while let frame = try buffer.next() { found.append(frame) }
        }
        #expect(found == frames.map(body))
        [0, 0, 0, 65].withByteView { buffer.add($0) }
        #expect(throws: DecodeError.self) { try buffer.next() }
    }
}
