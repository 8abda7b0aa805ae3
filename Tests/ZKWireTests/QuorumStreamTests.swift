import Testing
import ZKWire

/// Streams cut anywhere, and lengths that are not believed.
struct QuorumStreamTests {
    @Test("A stream is the same packets however it is cut")
    func pieces() throws {
        let bytes = try Fixture.bytes("quorum/stream-learner")
        var whole = QuorumPacketDecoder()
        let expected = try whole.decodeAll(bytes)
        #expect(expected.count > 15)
        #expect(expected.flatMap { $0 } == bytes)
        for size in 1...bytes.count {
            var decoder = QuorumPacketDecoder()
            try #expect(decoder.decodeAll(bytes, pieceSize: size) == expected, "pieces of \(size)")
            #expect(decoder.keptBytes == 0)
        }
    }

    /// What the stream of a leader that sends a snapshot consists of.
    private enum Part: Equatable {
        case packet(QuorumPacketType?)
        case snapshot(Int)
    }

    /// Decodes a stream in which a snapshot of `size` bytes is.
    private func parts(_ bytes: [UInt8], pieceSize: Int, size: Int) throws -> [Part] {
        var decoder = QuorumPacketDecoder()
        var parts: [Part] = []
        var snapshotLeft: Int?
        var signature = SnapSignature()
        try bytes.forEachPiece(of: pieceSize) { (input) throws(DecodeError) in
            while true {
                if let left = snapshotLeft {
                    let taken = min(left, input.count)
                    input = input[view: taken..<input.count]
                    snapshotLeft = left - taken
                    guard left == taken, try signature.take(&input) else { return }
                    snapshotLeft = nil
                    parts.append(.snapshot(size))
                }
                guard let packet = try decoder.next(&input) else { return }
                parts.append(.packet(packet.type))
                if packet.type == .snap { snapshotLeft = size }
            }
        }
        return parts
    }

    @Test("Behind a SNAP the snapshot is left alone, and packets go on behind its signature")
    func snapshot() throws {
        let bytes = try Fixture.bytes("quorum/stream-leader-snap")
        let signature = SnapSignature.encoded
        let end = try #require(
            bytes.indices.first { bytes[$0...].starts(with: signature) })
        // LEADERINFO has 24 bytes, SNAP 20.
        let size = end - 44
        let expected = try parts(bytes, pieceSize: bytes.count, size: size)
        let head: [Part] = [
            .packet(.leaderInfo), .packet(.snap), .snapshot(size), .packet(.newLeader),
            .packet(.upToDate), .packet(.ping),
        ]
        #expect(Array(expected.prefix(6)) == head)
        #expect(expected.last == .packet(.commit))
        for pieceSize in 1...200 {
            try #expect(parts(bytes, pieceSize: pieceSize, size: size) == expected)
        }
    }

    @Test("Anything but the signature at the end of a snapshot is an error")
    func badSignature() throws {
        for index in SnapSignature.encoded.indices {
            var bytes = SnapSignature.encoded
            bytes[index] ^= 1
            #expect(throws: DecodeError.self) {
                try bytes.withByteView { (view) throws(DecodeError) in
                    var input = view
                    var signature = SnapSignature()
                    _ = try signature.take(&input)
                }
            }
        }
    }

    @Test("A length is refused as soon as it is there, and nothing is kept for it")
    func hostileLengths() throws {
        let head = encoded {
            $0.writeInt32(QuorumPacketType.proposal.rawValue)
            $0.writeInt64(1)
        }
        let limits = QuorumPacketLimits(dataBytes: 100, authInfoBytes: 80)
        for length: Int32 in [-2, .min, 101, .max] {
            var decoder = QuorumPacketDecoder(limits: limits)
            let bytes = head + encoded { $0.writeInt32(length) }
            #expect(throws: DecodeError(.badLength(Int(length)), offset: 12)) {
                _ = try decoder.decodeAll(bytes, pieceSize: 5)
            }
            #expect(decoder.keptBytes <= bytes.count)
        }
        let bare = head + encoded { $0.writeNullBuffer() }
        for count: Int32 in [-2, .min, 11, .max] {
            var decoder = QuorumPacketDecoder(limits: limits)
            #expect(throws: DecodeError(.badLength(Int(count)), offset: 16)) {
                _ = try decoder.decodeAll(bare + encoded { $0.writeInt32(count) }, pieceSize: 3)
            }
        }
        for length: Int32 in [-2, 77, .max] {
            var decoder = QuorumPacketDecoder(limits: limits)
            #expect(throws: DecodeError(.badLength(Int(length)), offset: 20)) {
                _ = try decoder.decodeAll(
                    bare
                        + encoded {
                            $0.writeInt32(1)
                            $0.writeInt32(length)
                        })
            }
        }
    }

    @Test("A long packet is kept by what has come of it, not by what its length says")
    func memory() throws {
        var decoder = QuorumPacketDecoder()
        let head = encoded {
            $0.writeInt32(QuorumPacketType.proposal.rawValue)
            $0.writeInt64(1)
            $0.writeInt32(2_000_000)
        }
        try #expect(decoder.decodeAll(head + [1, 2, 3], pieceSize: 1).isEmpty)
        #expect(decoder.keptBytes == 19)
        let rest = [UInt8](repeating: 7, count: 1_999_997) + [255, 255, 255, 255]
        try #expect(decoder.decodeAll(rest, pieceSize: 65_536).count == 1)
    }

    @Test("Identities are taken up to the limit together")
    func identities() throws {
        let all = (0..<5).map { Identity(scheme: "digest", id: "user\($0):abc") }
        let packet = encoded {
            $0.writeForwardedRequest(
                session: SessionID(rawValue: 5), cxid: 6, type: OpCode.setData.rawValue,
                body: ByteView(start: nil, count: 0), identities: all)
        }
        let authInfoBytes = packet.count - 16 - 16 - 4
        for size in 1...packet.count {
            var decoder = QuorumPacketDecoder(
                limits: QuorumPacketLimits(authInfoBytes: authInfoBytes))
            try #expect(decoder.decodeAll(packet, pieceSize: size) == [packet])
        }
        var strict = QuorumPacketDecoder(
            limits: QuorumPacketLimits(authInfoBytes: authInfoBytes - 1))
        #expect(throws: DecodeError.self) { _ = try strict.decodeAll(packet) }
        try withPacket(packet) { packet in
            guard case .request(let request) = try LearnerMessage(packet) else {
                Issue.record("not a REQUEST")
                return
            }
            try #expect(request.authInfo?.identities() == all)
        }
    }
}
