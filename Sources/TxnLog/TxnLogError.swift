import Storage
import ZKWire

/// Why a log cannot be opened, read or written. Every message says what to do.
package enum TxnLogError: Error, Equatable, Sendable {
    /// Another process has the log open.
    case locked(path: String)
    /// A disk operation failed. While writing it is final: see `poisoned`.
    case disk(DiskError)
    /// An earlier write or sync failed. What is on the medium is unknown, so the log refuses
    /// everything until the process starts anew and looks.
    case poisoned(DiskError)
    /// Records that may have been acknowledged are damaged or missing.
    case corrupt(LogFault)
    /// Made by a later version of this program.
    case newerVersion(file: String, version: UInt32)
    /// The reader needs records from before the log's first.
    case startsLater(wanted: Zxid, first: Zxid)
    /// The log has no record with the zxid that it was to be cut at, or verified with.
    case noRecord(Zxid)
    /// The snapshot's account of the history is not the log's.
    case otherHistory(expected: ChainPoint, found: ChainPoint)
}

extension TxnLogError: CustomStringConvertible {
    package var description: String { "TxnLog: " + text }

    private var text: String {
        let recovering = "docs/operating/recovering.md"
        return switch self {
        case .locked(let path):
            "\(path) is held by another process. Stop it before starting a second server on the"
                + " same directory"
        case .disk(let error) where error.isOutOfSpace:
            "\(error). Nothing after the last acknowledged transaction was promised; free space on"
                + " this disk and start again: \(recovering)#disk-full"
        case .disk(let error):
            "\(error). Nothing after the last acknowledged transaction was promised;"
                + " check the disk and start again: \(recovering)#disk-error"
        case .poisoned(let error):
            "closed since an earlier failure: \(error). Start again:"
                + " \(recovering)#\(error.isOutOfSpace ? "disk-full" : "disk-error")"
        case .corrupt(let fault):
            "\(fault). The record may have been acknowledged, so this server does not start until it"
                + " is repaired: \(recovering)#corrupt-log"
        case .newerVersion(let file, let version):
            "\(file) has format version \(version), and this program reads"
                + " \(TxnLogFormat.version). Run the version that wrote it:"
                + " \(recovering)#newer-version"
        case .startsLater(let wanted, let first):
            "the transactions after zxid \(wanted) are needed, and the log begins after zxid"
                + " \(first). The segments between are missing, so this server does not start until"
                + " it is repaired: \(recovering)#corrupt-log"
        case .noRecord(let zxid):
            "there is no record with zxid \(zxid). The log and what refers to it disagree, so"
                + " this server does not start until it is repaired: \(recovering)#corrupt-log"
        case .otherHistory(let expected, let found):
            "the log has \(found) where \(expected) was expected: the snapshot or meta belongs to"
                + " another history. This server does not start until it is repaired:"
                + " \(recovering)#corrupt-log"
        }
    }
}

extension TxnLogError {
    /// The same of a log in this directory: for whoever reads of the file and has to find it.
    package func placed(in directory: String) -> TxnLogError {
        switch self {
        case .corrupt(var fault) where !fault.file.isEmpty:
            fault.file = directory + "/" + fault.file
            return .corrupt(fault)
        case .newerVersion(let file, let version):
            return .newerVersion(file: directory + "/" + file, version: version)
        case .corrupt, .locked, .disk, .poisoned, .startsLater, .noRecord, .otherHistory:
            return self
        }
    }
}
