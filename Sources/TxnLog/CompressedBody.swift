// The body of a compressed record: several transactions in one lz4 block.
//
//     u32 length of the content, u32 number of entries, lz4 block
//     content: entries of i64 zxid, u32 length, payload
//
// Both lengths are checked before anything is allocated by them: the content may be at most 255
// times the block (the densest that lz4 gets) and at most the configured record size.

import CLZ4
import Storage
import ZKWire

enum CompressedBody {
    static let prefixBytes = 8
    static let entryPrefixBytes = 12
    /// No input makes an lz4 block that expands further.
    private static let maximumExpansion = 255
    /// Entries are gathered up to here; more context hardly compresses better.
    static let targetContentBytes = 256 << 10

    enum Defect: Error, Equatable, Sendable {
        case tooShort(Int)
        case contentTooLong(stated: Int, limit: Int)
        case badBlock
        case badEntry(index: Int)
        case zxidOutOfOrder(Zxid)
        case wrongCount(stated: Int, found: Int)
    }

    /// Compresses `content` to the end of `writer`; false, and nothing written, if the result would
    /// not be smaller than `limit` bytes.
    static func encode(
        content: ByteView, entryCount: Int, into writer: ByteWriter, below limit: Int
    ) -> Bool {
        let start = writer.count
        let room = limit - prefixBytes - 1
        guard room > 0, let source = content.baseAddress else { return false }
        let place = writer.extend(by: prefixBytes + room)
        // SAFETY: lz4 reads `content.count` bytes and writes at most `room`.
        let length = LZ4_compress_default(
            source.assumingMemoryBound(to: CChar.self),
            (place + prefixBytes).assumingMemoryBound(to: CChar.self),
            Int32(content.count), Int32(clamping: room))
        guard length > 0 else {
            writer.truncate(to: start)
            return false
        }
        place.storeLittleEndian(UInt32(content.count), at: 0)
        place.storeLittleEndian(UInt32(entryCount), at: 4)
        writer.truncate(to: start + prefixBytes + Int(length))
        return true
    }

    /// Decompresses `body` into `writer`, which is emptied first; returns the number of entries.
    static func decode(
        _ body: ByteView, into writer: ByteWriter, limit: Int
    ) throws(Defect) -> Int {
        guard body.count > prefixBytes else { throw .tooShort(body.count) }
        let length = Int(body.loadLittleEndian(at: 0, as: UInt32.self))
        let count = Int(body.loadLittleEndian(at: 4, as: UInt32.self))
        let block = body[view: prefixBytes..<body.count]
        let bound = min(limit + entryPrefixBytes, block.count * maximumExpansion)
        guard length <= bound else { throw .contentTooLong(stated: length, limit: bound) }
        writer.removeAll()
        let place = writer.extend(by: length)
        // SAFETY: lz4 reads `block.count` bytes, writes at most `length`, and checks both.
        let written = LZ4_decompress_safe(
            block.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self),
            place.assumingMemoryBound(to: CChar.self), Int32(block.count), Int32(length))
        guard Int(written) == length else { throw .badBlock }
        return count
    }

    /// Calls `visit` for each entry of a decoded content, whose zxids must rise from `previous` to
    /// `last`.
    static func forEachEntry(
        of content: ByteView, count: Int, after previous: Zxid, last: Zxid,
        _ visit: (Zxid, ByteView) throws -> Void
    ) throws {
        var offset = 0
        var zxid = previous
        var found = 0
        while offset < content.count {
            guard content.count - offset >= entryPrefixBytes else {
                throw Defect.badEntry(index: found)
            }
            let next = Zxid(rawValue: content.loadLittleEndian(at: offset, as: Int64.self))
            let length = Int(content.loadLittleEndian(at: offset + 8, as: UInt32.self))
            offset += entryPrefixBytes
            guard length <= content.count - offset else { throw Defect.badEntry(index: found) }
            guard next > zxid, next <= last else { throw Defect.zxidOutOfOrder(next) }
            try visit(next, content[view: offset..<(offset + length)])
            offset += length
            zxid = next
            found += 1
        }
        guard found == count else { throw Defect.wrongCount(stated: count, found: found) }
        guard zxid == last else { throw Defect.zxidOutOfOrder(zxid) }
    }
}
