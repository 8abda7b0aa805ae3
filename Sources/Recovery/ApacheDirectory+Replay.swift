import Storage
import ZKWire

/// What was found between two points of Apache's log.
package struct ApacheReplayEnd: Equatable, Sendable {
    /// The last transaction handed over; the start if there was none.
    package var lastZxid: Zxid
    /// An unfinished record at the end of the last file, which was left out: file and offset.
    package var tornTail: String?
    /// A transaction after the wanted end was seen.
    package var hasMore = false
}

extension ApacheDirectory {
    /// Whether there are log files.
    package func hasLogs() throws(RecoveryError) -> Bool { try !logFiles().isEmpty }

    /// Calls `body` with each transaction after `start` up to and including `end`, in order. What
    /// lies behind `end` is not looked at.
    ///
    /// - Throws: `apacheGap` where transactions are missing, `apacheLog` for damage.
    package func forEachTransaction(
        after start: Zxid, upTo end: Zxid,
        _ body: (Zxid, ByteView) throws(DecodeError) -> Void
    ) throws(RecoveryError) -> ApacheReplayEnd {
        var reached = ApacheReplayEnd(lastZxid: start)
        let files = try logFiles()
        let first = files.lastIndex { $0.firstZxid <= start.next } ?? 0
        for index in files.indices.dropFirst(first) where reached.lastZxid < end {
            var file = try ApacheLogFile(
                disk, logs + "/" + files[index].name, maximumRecordBytes: maximumRecordBytes)
            while reached.lastZxid < end, let payload = try file.next() {
                let zxid = try decoding(file) { () throws(DecodeError) in
                    try Replayer.zxid(of: payload)
                }
                if zxid <= start { continue }
                guard Replayer.canFollow(zxid, after: reached.lastZxid) else {
                    throw .apacheGap(path: file.path, after: reached.lastZxid, found: zxid)
                }
                if zxid > end {
                    reached.hasMore = true
                    return reached
                }
                try decoding(file) { () throws(DecodeError) in try body(zxid, payload) }
                reached.lastZxid = zxid
            }
            if case .torn(let offset) = file.end {
                guard index == files.count - 1 else { throw file.defect(.record) }
                reached.tornTail = "\(files[index].name) at byte \(offset)"
            }
        }
        return reached
    }
}
