import ZKWire

/// What the files in a log's directory are called, for tools.
package enum LogFileNames {
    package static let watermark = LogFileName.watermark

    package static func segment(first zxid: Zxid) -> String { LogFileName.segment(first: zxid) }

    /// The first zxid that a segment's name states; nil for names of other files.
    package static func firstZxid(of name: String) -> Zxid? { LogFileName.firstZxid(of: name) }

    /// Files that are not, or not yet, or no longer, part of the log.
    package static func isAside(_ name: String) -> Bool {
        name == LogFileName.lock || name.hasPrefix("next.") || name.hasPrefix("spare.")
    }
}
