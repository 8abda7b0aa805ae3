// What, where, what to do. Golden-tested; the anchors are sections of docs/operating/recovering.md.

extension RecoveryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .log(let error): "\(error)"
        case .meta(let error): "\(error)"
        case .snapshot(let error): "\(error)"
        default: "Recovery: \(text): docs/operating/recovering.md#\(anchor)"
        }
    }

    private var text: String {
        switch self {
        case .disk(let error): "\(error). Nothing was changed; check the disk and start again"
        case .inUse(let path):
            "\(path) is in use by another process. Stop it, or give this server its own dataDir"
        case .wrongServer(let path, let stored, let configured):
            "\(path) belongs to server \(stored), and this is server \(configured). "
                + "Correct myid or dataDir"
        case .wrongEnsemble(let path, let stored, let configured):
            "\(path) belongs to ensemble 0x\(String(stored, radix: 16)), and this server to "
                + "0x\(String(configured, radix: 16)). Correct dataDir"
        default: historyText
        }
    }

    private var historyText: String {
        switch self {
        case .missingLog(let path):
            "\(path) is not there, and this server has written a log. Mount its disk, or correct "
                + "dataLogDir"
        case .lostLogEnd(let snapshot, let needed, let last):
            "\(snapshot) was made when the log reached zxid \(needed), and it ends at \(last). "
                + "Acknowledged transactions may be missing: put the newest log segments back"
        case .noUsableSnapshot(let path, let first, let skipped):
            "no snapshot in \(path) can be used and the log begins only after zxid \(first). "
                + "Not used: \(skipped.text). Put a snapshot or the older log segments back"
        case .unresolvedACLs(let count):
            "\(count) znodes have an access control list that neither snapshot nor log contains, "
                + "so that one of them is incomplete. Use an older snapshot"
        case .undecodable(let zxid, let error):
            "the log's record \(zxid) is whole and is no transaction (\(error)). "
                + "Keep the directory and report this"
        default: apacheText
        }
    }

    private var apacheText: String {
        switch self {
        case .apacheLog(let path, let offset, let defect):
            "\(path) is damaged at byte \(offset): \(defect). Nothing was imported"
        case .apacheGap(let path, let after, let found):
            "after zxid \(after) comes \(found) in \(path): the transactions between are missing. "
                + "Copy all of Apache's log files. Nothing was imported"
        case .apacheLostLogEnd(let snapshot, let needed, let last):
            "\(snapshot) was made when the log reached zxid \(needed), and it ends at \(last). "
                + "Copy Apache's log files with its snapshots. Nothing was imported"
        case .apacheNoSnapshot(let path, let skipped):
            "no snapshot in \(path) can be used and the log does not begin at the beginning. "
                + "Not used: \(skipped.text). Nothing was imported"
        case .apacheEpoch(let path):
            "\(path) holds no epoch. Correct it from another member's. Nothing was imported"
        default: preconditionFailure("a message for each case")
        }
    }

    private var anchor: String {
        switch self {
        case .disk(let error): error.isOutOfSpace ? "disk-full" : "disk-error"
        case .inUse: "in-use"
        case .wrongServer, .wrongEnsemble: "wrong-directory"
        case .meta: "lost-meta"
        case .missingLog, .lostLogEnd, .apacheGap, .apacheLostLogEnd: "missing-segment"
        case .noUsableSnapshot, .apacheNoSnapshot, .unresolvedACLs, .snapshot: "corrupt-snapshot"
        case .undecodable, .apacheLog, .log: "corrupt-log"
        case .apacheEpoch: "apache-import"
        }
    }
}

extension ApacheLogDefect: CustomStringConvertible {
    package var description: String {
        switch self {
        case .header: "it does not begin with ZKLG, version 2"
        case .checksum(let stored, let computed):
            "checksum mismatch: stored 0x\(String(stored, radix: 16)), "
                + "computed 0x\(String(computed, radix: 16))"
        case .record: "no record begins here, and other bytes follow"
        case .payload(let words): "the record is no transaction (\(words))"
        case .tooLong(let length): "a record of \(length) bytes"
        }
    }
}

extension [SkippedFile] {
    fileprivate var text: String {
        isEmpty ? "none is there" : map { "\($0.name) (\($0.reason))" }.joined(separator: "; ")
    }
}
