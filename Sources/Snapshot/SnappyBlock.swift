// The raw snappy block format: a varint of the uncompressed length, then elements. The low two bits
// of an element's first byte say what it is: 0 a literal, 1 to 3 a copy of earlier output with an
// offset of 11, 16 or 32 bits.
import ZKWire

enum SnappyBlock {
    /// Appends what `bytes` expand to; false if they are no snappy block or expand beyond `limit`.
    static func expand(_ bytes: ByteView, into output: ByteWriter, limit: Int) -> Bool {
        var input = Cursor(bytes: bytes)
        guard let size = input.varint(), size <= limit else { return false }
        let end = output.count + size
        let start = output.count
        while input.remaining > 0 {
            guard let tag = input.byte() else { return false }
            let isTaken =
                tag & 3 == 0
                ? literal(tag, &input, into: output, end: end)
                : copy(tag, &input, into: output, start: start, end: end)
            guard isTaken else { return false }
        }
        return output.count == end
    }

    private static func literal(
        _ tag: UInt8, _ input: inout Cursor, into output: ByteWriter, end: Int
    ) -> Bool {
        var length = Int(tag >> 2) + 1
        // 60 to 63 say that the length minus one follows in 1 to 4 bytes.
        if length > 60 {
            guard let long = input.littleEndian(length - 60) else { return false }
            length = long + 1
        }
        guard length <= end - output.count, let view = input.take(length) else { return false }
        output.writeRaw(view)
        return true
    }

    private static func copy(
        _ tag: UInt8, _ input: inout Cursor, into output: ByteWriter, start: Int, end: Int
    ) -> Bool {
        let length: Int
        let distance: Int
        if tag & 3 == 1 {
            guard let low = input.byte() else { return false }
            length = Int(tag >> 2 & 7) + 4
            distance = Int(tag >> 5) << 8 | Int(low)
        } else {
            guard let far = input.littleEndian(tag & 3 == 2 ? 2 : 4) else { return false }
            length = Int(tag >> 2) + 1
            distance = far
        }
        guard distance > 0, distance <= output.count - start, length <= end - output.count else {
            return false
        }
        let from = output.count - distance
        let place = output.extend(by: length)
        // Byte by byte: a copy may overlap what it writes, which repeats a pattern.
        let source = output.view
        for index in 0..<length {
            place.storeBytes(of: source[from + index], toByteOffset: index, as: UInt8.self)
        }
        return true
    }

    private struct Cursor {
        let bytes: ByteView
        var offset = 0

        var remaining: Int { bytes.count - offset }

        mutating func byte() -> UInt8? {
            guard remaining > 0 else { return nil }
            defer { offset += 1 }
            return bytes[offset]
        }

        mutating func take(_ count: Int) -> ByteView? {
            guard count <= remaining else { return nil }
            defer { offset += count }
            return bytes[view: offset..<(offset + count)]
        }

        mutating func littleEndian(_ count: Int) -> Int? {
            guard let view = take(count) else { return nil }
            return view.reversed().reduce(0) { $0 << 8 | Int($1) }
        }

        /// At most five bytes, for 32 bits.
        mutating func varint() -> Int? {
            var value = 0
            for shift in stride(from: 0, through: 28, by: 7) {
                guard let next = byte() else { return nil }
                value |= Int(next & 0x7F) << shift
                if next & 0x80 == 0 { return value }
            }
            return nil
        }
    }
}
