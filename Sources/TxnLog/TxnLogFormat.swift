// The constants of the log's files. Specification: docs/formats/txnlog.md.

import ZKWire

package enum TxnLogFormat {
    package static let version: UInt32 = 1

    /// "ZKNODLOG", read as a little-endian integer.
    static let segmentMagic: UInt64 = 0x474f_4c44_4f4e_4b5a
    /// The segment header's block; the first record follows it.
    package static let headerBlockBytes = 4096
    static let headerChecksumOffset = headerBlockBytes - 4

    /// "ZKTP": the body is one transaction's payload.
    static let plainMagic: UInt32 = 0x5054_4b5a
    /// "ZKTC": the body is an lz4 block of several.
    static let compressedMagic: UInt32 = 0x4354_4b5a
    package static let recordHeaderBytes = 40
    static let recordChecksumOffset = recordHeaderBytes - 4

    static let alignmentBytes = 8
    /// Zeros that each write leaves behind its last record, so that the end of a log in a recycled
    /// file is told from a torn record.
    static let terminatorBytes = 8

    /// What the system keeps of a file at a time; writes end with one.
    static let pageBytes = 4096

    /// A record names the offset of its write in 32 bits.
    static let maximumSegmentBytes = 1 << 31

    @inline(__always)
    static func padded(_ length: Int) -> Int { (length &+ 7) & ~7 }

    /// Bytes that a plain record of `length` payload bytes takes.
    @inline(__always)
    package static func recordBytes(_ length: Int) -> Int { recordHeaderBytes &+ padded(length) }
}

/// The names in a log's directory.
enum LogFileName {
    static let watermark = "watermark"
    static let lock = "lock"
    /// Ready to become a segment.
    static let prepared = "next.prepared"
    /// The preparer's own, until it is complete.
    static let preparing = "next.preparing"
    /// The log's own: what is about to become a segment.
    static let inline = "next.inline"
    /// A truncated copy of a segment, until it replaces it.
    static let rewrite = "next.rewrite"

    static let segmentSuffix = ".log"
    static let leftovers = [preparing, inline, rewrite]

    static func spare(_ number: Int) -> String { "spare.\(number)" }

    static func segment(first zxid: Zxid) -> String {
        let digits = zxid.hex
        return String(repeating: "0", count: 16 - digits.count) + digits + segmentSuffix
    }

    /// The first zxid that a segment's name states; nil for names of other files.
    static func firstZxid(of name: String) -> Zxid? {
        guard name.utf8.count == 20, name.hasSuffix(segmentSuffix),
            let value = UInt64(name.dropLast(4), radix: 16)
        else { return nil }
        let zxid = Zxid(rawValue: Int64(bitPattern: value))
        return segment(first: zxid) == name ? zxid : nil
    }
}
