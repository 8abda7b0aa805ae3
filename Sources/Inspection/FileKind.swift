import Snapshot
import Storage
import TxnLog

/// What a file's first bytes say that it is.
enum FileKind: Equatable {
    case ownLog
    case apacheLog
    case snapshot(SnapshotName.Encoding)
    case meta
    case watermark
    case zeros
    case empty
    case unknown([UInt8])

    init<D: Disk>(_ disk: D, _ path: String) throws(InspectionError) {
        let start = try reading { () throws(DiskError) in
            let file = try disk.openForReading(path)
            defer { file.close() }
            return try file.readBytes(16, at: 0)
        }
        self.init(start)
    }

    init(_ start: [UInt8]) {
        if start.isEmpty {
            self = .empty
        } else if start.starts(with: "ZKNODLOG".utf8) {
            self = .ownLog
        } else if start.starts(with: "ZKLG".utf8) {
            self = .apacheLog
        } else if start.starts(with: "ZKNODMET".utf8) {
            self = .meta
        } else if start.starts(with: "ZKWM".utf8) {
            self = .watermark
        } else if let encoding = SnapshotInspector<PosixDisk>.encoding(of: start) {
            self = .snapshot(encoding)
        } else if start.allSatisfy({ $0 == 0 }) {
            self = .zeros
        } else {
            self = .unknown(start)
        }
    }

    var words: String {
        switch self {
        case .ownLog: "a log segment (read it with zkdump log)"
        case .apacheLog: "a log file of Apache's (read it with zkdump log)"
        case .snapshot: "a snapshot (read it with zkdump snapshot)"
        case .meta: "a meta file (zkdump verify reads it, with its directory)"
        case .watermark: "a watermark (zkdump verify reads it, with its directory)"
        case .zeros: "nothing but zeros: a file prepared for later, or a lost one"
        case .empty: "nothing"
        case .unknown(let start):
            "neither a log's nor a snapshot's magic (bytes "
                + start.prefix(8).map { hexDigits(UInt64($0), width: 2) }.joined(separator: " ")
                + ")"
        }
    }

    func refusal(of path: String, expected: String) -> InspectionError {
        if self == .empty { return .empty(path: path, expected: expected) }
        return .foreign(path: path, found: words, expected: expected)
    }
}
