import Testing
import ZKWire

/// Bytes that nobody meant: no crash, no endless loop, nothing kept that was not received. The
/// pieces are in memory of their own, so that a read beyond them is found by a checked build.
struct QuorumFuzzTests {
    /// Decodes as much as can be, all the way down.
    private func decodeQuorum(_ bytes: [UInt8], pieceSize: Int) {
        var decoder = QuorumPacketDecoder(
            limits: QuorumPacketLimits(dataBytes: 1 << 16, authInfoBytes: 1 << 10))
        do {
            try bytes.forEachPiece(of: pieceSize) { (input) throws(DecodeError) in
                while let packet = try decoder.next(&input) {
                    look(at: packet)
                }
                #expect(input.isEmpty)
                #expect(decoder.keptBytes <= bytes.count)
            }
        } catch {
            #expect(decoder.keptBytes <= bytes.count)
        }
    }

    private func look(at packet: QuorumPacket) {
        let writer = ByteWriter()
        writer.writeQuorumPacket(packet)
        #expect(writer.count >= QuorumPacket.bareSize)
        if let message = try? LeaderMessage(packet) {
            _ = try? describe(message)
            writer.writeMessage(message)
        }
        if let message = try? LearnerMessage(packet) {
            _ = try? describe(message)
            writer.writeMessage(message)
        }
        if let data = packet.data {
            _ = try? MembershipText(data)
            _ = try? ProposalPayload(data)
            _ = try? ElectionNotification(data)
        }
    }

    private func decodeElection(_ bytes: [UInt8], pieceSize: Int, initial: Bool) {
        var decoder = ElectionStreamDecoder(expectsInitialMessage: initial)
        try? bytes.forEachPiece(of: pieceSize) { (input) throws(DecodeError) in
            while let item = try decoder.next(&input) {
                guard case .message(let message) = item,
                    let notification = try? ElectionNotification(message)
                else { continue }
                _ = try? MembershipText(notification.membership)
            }
            #expect(input.isEmpty)
        }
        #expect(decoder.keptBytes <= bytes.count)
    }

    private func decodeAll(_ bytes: [UInt8], pieceSize: Int) {
        decodeQuorum(bytes, pieceSize: pieceSize)
        decodeElection(bytes, pieceSize: pieceSize, initial: true)
        decodeElection(bytes, pieceSize: pieceSize, initial: false)
    }

    private static func fixtures() throws -> [[UInt8]] {
        let names =
            try Fixture.names("quorum", "l") + Fixture.names("election", "")
        return try names.map(Fixture.bytes)
    }

    @Test("Every message cut short at every byte waits for the rest, or is refused")
    func truncation() throws {
        for bytes in try Self.fixtures() {
            for length in 0..<bytes.count {
                decodeAll(Array(bytes[..<length]), pieceSize: .max / 2)
            }
        }
    }

    @Test("Every packet cut short in its data is refused or has no more than it was given")
    func shortData() throws {
        for name in try Fixture.names("quorum", "l") {
            try withPacket(Fixture.bytes(name)) { packet in
                guard let data = packet.data else { return }
                for length in 0..<data.count {
                    var short = packet
                    let copy = Array(data[..<length])
                    copy.withByteView {
                        short.data = $0
                        look(at: short)
                    }
                }
            }
        }
    }

    @Test("Every bit of every message may be wrong")
    func bitFlips() throws {
        for original in try Self.fixtures() {
            for bit in 0..<(original.count * 8) {
                var bytes = original
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                decodeAll(bytes, pieceSize: bit % 3 == 0 ? 7 : .max / 2)
            }
        }
    }

    @Test("Random bytes, and random bytes behind a sensible head, are survived")
    func randomBytes() {
        var generator = SeededGenerator(seed: 2026)
        for round in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...120, using: &generator)).map { _ in
                // Mostly small, so that lengths are often within the limits.
                UInt8(truncatingIfNeeded: generator.next()) & (generator.next() % 4 == 0 ? 255 : 3)
            }
            if round % 2 == 0 {
                let type = Int32.random(in: 0...20, using: &generator)
                let length = Int32.random(in: -1...64, using: &generator)
                bytes =
                    encoded {
                        $0.writeInt32(type)
                        $0.writeInt64(1)
                        $0.writeInt32(length)
                    } + bytes
            }
            decodeAll(bytes, pieceSize: Int.random(in: 1...40, using: &generator))
        }
    }
}
