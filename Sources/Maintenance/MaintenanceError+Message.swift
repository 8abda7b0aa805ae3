// What, where, what to do. The sections are of docs/operating/backup-and-restore.md.

import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension MaintenanceError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .disk(let error): error.inTools
        case .snapshot(let error): error.inTools
        case .log(let directory, let error): error.inTools(directory)
        case .recovery(let error): error.inTools
        case .meta(let error): "\(error)"
        default: targetText
        }
    }

    private var targetText: String {
        switch self {
        case .notSnapshot(let path):
            "\(path) is not a snapshot by its name, which is snapshot.<zxid in hexadecimal> and "
                + ".lz4, .gz, .snappy or nothing. Give it the name that it was written under"
        case .notDataDirectory(let path, let expected):
            "\(path) is no data directory: there is no \(expected) in it. "
                + "Give the directory that dataDir names"
        case .notEmpty(let path):
            "\(path) is not empty. Nothing is ever overwritten: give a new directory"
        case .unfinishedRestore(let path):
            "\(path) holds a restore that did not come to its end. Remove it and restore again"
        case .noLogs(let path):
            "\(path) has no transaction log: neither zknode/log/*.log nor version-2/log.*, and no "
                + "such files itself"
        case .foreignLogs(let path, let snapshot):
            "\(snapshot) is ZKNode's and \(path) has logs of Apache's, so that it cannot be "
                + "checked that they are of one history. Give the log that belongs to the snapshot"
        default: pointText
        }
    }

    private var pointText: String {
        switch self {
        case .fuzzy(let snapshot, let from, let lowest, let reached):
            "\(snapshot) was made between zxid \(from) and \(lowest) while writes went on, so that "
                + "it needs the log up to \(lowest), and "
                + (reached.map { "the log ends at \($0). Add the newer log files" }
                    ?? "no log was given. Add --logs")
                + ". The lowest zxid to restore from this snapshot is \(lowest)"
        case .beforeSnapshot(let snapshot, let wanted, let lowest):
            "\(wanted) lies before what \(snapshot) can give: the lowest zxid to restore from it "
                + "is \(lowest). Give an older snapshot"
        case .timeUnknown(let snapshot, let zxid, let wanted):
            "\(snapshot) does not say of what time it is, and no log that was given has the "
                + "transaction \(zxid), which would: it may be later than \(wanted). Give the log "
                + "before the snapshot too, an older snapshot, or a zxid instead of a time"
        case .logBeginsLater(let path, let needed, let first):
            "the transactions after zxid \(needed) are needed, and the log in \(path) begins after "
                + "\(first). Add the older log files, or give a newer snapshot"
        case .logEndsEarlier(let path, let wanted, let last):
            path.map {
                "zxid \(wanted) is wanted, and the log in \($0) ends at \(last). "
                    + "Add the newer log files, or restore to \(last) at most"
            } ?? "zxid \(wanted) is wanted, and the snapshot is of \(last). "
                + "Give the log with --logs"
        default: contentText
        }
    }

    private var contentText: String {
        switch self {
        case .undecodable(let path, let zxid, let words):
            "the record with zxid \(zxid) in \(path) passes its checks and is no transaction "
                + "(\(words)). Restore to the zxid before it"
        case .unresolvedACLs(let count):
            "\(count) znodes have an access control list that neither snapshot nor log contains, "
                + "so that one of them is incomplete. Give an older snapshot"
        case .manifest(let path, let words): "\(path): \(words)"
        case .badCopy(let path, let words): "\(path) is not a good copy: \(words)"
        default: preconditionFailure("a message for each case")
        }
    }
}

extension DiskError {
    fileprivate var inTools: String {
        switch code {
        case _ where isOutOfSpace: "\(self). Make room, or give a directory on another disk"
        case ENOENT: "\(self). Check the path; the directory that it is in has to be there"
        case EACCES, EPERM: "\(self). Run as the user that the server runs as"
        case EROFS: "\(self). Give a directory on another disk"
        default: "\(self). Look at the disk: dmesg"
        }
    }
}

extension SnapshotError {
    /// Without what a server would do about it.
    fileprivate var inTools: String {
        switch self {
        case .disk(let error): error.inTools
        case .invalid(let path, let fault) where isNewerVersion:
            "\(path): \(fault). Use the zknode of the version that wrote it"
        case .invalid(let path, let fault): "\(path) is damaged: \(fault). Give another snapshot"
        case .refused(let path, let words): "\(path) is damaged: \(words). Give another snapshot"
        }
    }
}

extension TxnLogError {
    fileprivate func inTools(_ directory: String) -> String {
        switch self {
        case .disk(let error), .poisoned(let error): error.inTools
        case .corrupt(let fault):
            "\(directory): \(fault). The last zxid before it is \(fault.lastGoodZxid)"
        case .startsLater(let wanted, let first):
            "the transactions after zxid \(wanted) are needed, and the log in \(directory) begins "
                + "after \(first)"
        case .noRecord(let zxid):
            "the log in \(directory) has no record with zxid \(zxid): it is not the log that the "
                + "snapshot belongs to, or a segment is missing"
        case .otherHistory(let expected, let found):
            "the log in \(directory) has \(found) where \(expected) was expected: it is not the "
                + "log that the snapshot belongs to"
        case .newerVersion(let file, let version):
            "\(directory)/\(file) has format version \(version), which this program cannot read. "
                + "Use the zknode of the version that wrote it"
        case .locked(let path): "\(path) is held by another process"
        }
    }
}

extension RecoveryError {
    fileprivate var inTools: String {
        switch self {
        case .disk(let error): error.inTools
        case .snapshot(let error): error.inTools
        case .log(let error): error.inTools("the directory's log")
        case .apacheLog(let path, let offset, let defect):
            "\(path) is damaged at byte \(offset): \(defect)"
        case .apacheGap(let path, let after, let found):
            "after zxid \(after) comes \(found) in \(path): the transactions between are missing. "
                + "Add the missing log files"
        default: description
        }
    }
}
