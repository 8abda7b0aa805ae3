import ZKWire

/// The name of a snapshot file: which zxid the walk of the tree began at, and how it is written.
package struct SnapshotName: Hashable, Sendable {
    /// Ours is `.lz4`; the other three are Apache's.
    package enum Encoding: String, Sendable, CaseIterable {
        case lz4 = ".lz4"
        case plain = ""
        case gzip = ".gz"
        case snappy = ".snappy"
    }

    /// The snapshot holds the effect of every transaction up to here, and of some later ones.
    package let zxid: Zxid
    package let encoding: Encoding

    package static let prefix = "snapshot."
    package static let temporarySuffix = ".tmp"

    package init(zxid: Zxid, encoding: Encoding = .lz4) {
        self.zxid = zxid
        self.encoding = encoding
    }

    /// nil unless `fileName` is exactly what `fileName` of the result is.
    package init?(fileName: String) {
        guard fileName.hasPrefix(SnapshotName.prefix) else { return nil }
        let rest = fileName.dropFirst(SnapshotName.prefix.count)
        let digits = rest.prefix { $0 != "." }
        guard let encoding = Encoding(rawValue: String(rest.dropFirst(digits.count))),
            let value = UInt64(digits, radix: 16)
        else { return nil }
        self.init(zxid: Zxid(rawValue: Int64(bitPattern: value)), encoding: encoding)
        guard self.fileName == fileName else { return nil }
    }

    package var fileName: String { SnapshotName.prefix + zxid.hex + encoding.rawValue }
    var temporaryFileName: String { fileName + SnapshotName.temporarySuffix }

    /// Whether a crash in the middle of writing a snapshot may have left this name.
    static func isTemporary(_ fileName: String) -> Bool {
        fileName.hasPrefix(prefix) && fileName.hasSuffix(temporarySuffix)
    }
}
