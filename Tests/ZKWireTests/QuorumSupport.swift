import ZKWire

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Captured bytes; see Fixtures/README.md.
enum Fixture {
    private static let directory =
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// - Parameter name: of the file, without ".hex".
    static func bytes(_ name: String) throws -> [UInt8] {
        let data = try Data(contentsOf: directory.appending(path: name + ".hex"))
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        return lines.filter { !$0.hasPrefix("#") }.flatMap(bytes(ofHex:))
    }

    /// The names in a folder that begin with `prefix`, in order.
    static func names(_ folder: String, _ prefix: String) throws -> [String] {
        let path = directory.appending(path: folder).path
        return try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".hex") }
            .map { folder + "/" + $0.dropLast(4) }
            .sorted()
    }

    private static func bytes(ofHex line: Substring) -> [UInt8] {
        let digits = line.compactMap { UInt8(String($0), radix: 16) }
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            digits[$0] << 4 | digits[$0 + 1]
        }
    }
}

/// A generator whose sequence is its seed's (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

func encoded(_ body: (ByteWriter) -> Void) -> [UInt8] {
    let writer = ByteWriter()
    body(writer)
    return writer.bytes
}

extension [UInt8] {
    /// Lends the bytes in pieces of at most `size`, each in memory of its own that holds no more.
    func forEachPiece(
        of size: Int, _ body: (inout ByteView) throws(DecodeError) -> Void
    ) throws(DecodeError) {
        var start = 0
        while start < count {
            let end = Swift.min(start + size, count)
            let piece = [UInt8](self[start..<end])
            try piece.withByteView { (bytes) throws(DecodeError) in
                var rest = bytes
                try body(&rest)
            }
            start = end
        }
    }
}

extension QuorumPacketDecoder {
    /// Feeds `bytes` in pieces of at most `pieceSize`.
    /// - Returns: each packet, encoded again.
    mutating func decodeAll(
        _ bytes: [UInt8], pieceSize: Int = .max / 2
    ) throws(DecodeError) -> [[UInt8]] {
        var packets: [[UInt8]] = []
        var decoder = self
        defer { self = decoder }
        try bytes.forEachPiece(of: pieceSize) { (input) throws(DecodeError) in
            while let packet = try decoder.next(&input) {
                packets.append(encoded { $0.writeQuorumPacket(packet) })
            }
        }
        return packets
    }
}

/// Lends the packet that `bytes` are.
@discardableResult
func withPacket<R>(_ bytes: [UInt8], _ body: (QuorumPacket) throws -> R) throws -> R {
    try bytes.withByteView { (view: ByteView) throws -> R in
        var decoder = QuorumPacketDecoder()
        var input = view
        guard let packet = try decoder.next(&input), input.isEmpty else {
            throw DecodeError(.badValue("the bytes are not one packet"), offset: 0)
        }
        return try body(packet)
    }
}
