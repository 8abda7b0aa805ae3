import ZKWire

/// Why bytes are no snapshot. The reader adds the file's name and makes it a `SnapshotError`.
package struct SnapshotFault: Error, Equatable, Sendable {
    /// What `offset` counts in.
    package enum Layer: Equatable, Sendable {
        /// The file as it lies on disk, compressed.
        case file
        /// The uncompressed stream.
        case content
    }

    package enum Reason: Equatable, Sendable {
        case truncated
        case badMagic(UInt32)
        case unsupportedVersion(Int64)
        /// The decompressor's own words.
        case badCompression(String)
        case footerMissing
        case footerChecksum(stored: UInt32, computed: UInt32)
        /// The footer says one thing and the file another.
        case footerDisagrees(field: String, footer: Int64, found: Int64)
        case badSeal(stored: UInt64, computed: UInt64)
        case fieldTooLong(field: String, length: Int, limit: Int)
        case badValue(String)
        case trailingBytes
    }

    package let reason: Reason
    package let layer: Layer
    package let offset: Int64

    package init(_ reason: Reason, in layer: Layer, at offset: Int64) {
        self.reason = reason
        self.layer = layer
        self.offset = offset
    }
}

extension SnapshotFault.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated: "the file ends too early"
        case .badMagic(let magic): "magic 0x\(String(magic, radix: 16)) is not a snapshot's"
        case .unsupportedVersion(let version): "unsupported version \(version)"
        case .badCompression(let words): "damaged compression (\(words))"
        case .footerMissing: "the footer is missing"
        case .footerChecksum(let stored, let computed):
            "footer checksum mismatch: stored 0x\(String(stored, radix: 16)), "
                + "computed 0x\(String(computed, radix: 16))"
        case .footerDisagrees(let field, let footer, let found):
            "the footer says \(field) \(footer), the file has \(found)"
        case .badSeal(let stored, let computed):
            "checksum mismatch: stored 0x\(String(stored, radix: 16)), "
                + "computed 0x\(String(computed, radix: 16))"
        case .fieldTooLong(let field, let length, let limit):
            "\(field) of \(length) bytes, of which at most \(limit) are accepted"
        case .badValue(let words): words
        case .trailingBytes: "bytes follow the end of the snapshot"
        }
    }
}

extension SnapshotFault: CustomStringConvertible {
    package var description: String {
        switch layer {
        case .file: "\(reason) at byte \(offset)"
        case .content: "\(reason) at byte \(offset) of the uncompressed content"
        }
    }
}
