import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// The log files that a path stands for, in order, and what is known of their end.
struct LogSource: Equatable {
    var origin: LogFile.Origin
    var paths: [String]
    /// False if there are later files, which the path leaves out.
    var isEndIncluded = true
    /// Of our own logs, in the generation of their newest segment.
    var watermark: Watermark?

    /// - Parameter logDirectory: `dataLogDir`, if the log is apart.
    init<D: Disk>(
        _ disk: D, _ path: String, logDirectory: String? = nil
    ) throws(InspectionError) {
        switch try Place(disk, path, logDirectory: logDirectory) {
        case .file: try self.init(file: disk, path)
        case .own(let directory):
            guard disk.exists(directory.log) else {
                throw .wrongDirectory(
                    path: path, expected: "a log: there is no \(directory.log)",
                    advice: "If the server has a dataLogDir, give it as --log-dir")
            }
            try self.init(directory: disk, directory.log)
        case .logDirectory: try self.init(directory: disk, path)
        case .apache(_, let logs): try self.init(apache: disk, logs)
        case .snapshotDirectory:
            throw .wrongDirectory(
                path: path, expected: "a log: it holds snapshots", advice: "The log is in ../log")
        }
    }

    private init<D: Disk>(file disk: D, _ path: String) throws(InspectionError) {
        let kind = try FileKind(disk, path)
        let name = fileName(of: path)
        switch kind {
        case .ownLog: origin = .own
        case .apacheLog: origin = .apache
        case .unknown, .zeros:
            // Damage at the very beginning, if the name says what it was.
            if LogFileNames.firstZxid(of: name) != nil {
                origin = .own
            } else if apacheLogZxid(name) != nil {
                origin = .apache
            } else {
                throw kind.refusal(of: path, expected: "a log file")
            }
        default: throw kind.refusal(of: path, expected: "a log file")
        }
        paths = [path]
        isEndIncluded = !Self.hasLater(disk, parentDirectory(of: path), than: name)
        if origin == .own {
            try Self.checkVersion(disk, path)
            watermark = try Self.watermark(disk, parentDirectory(of: path), of: path)
        }
    }

    private static func hasLater<D: Disk>(
        _ disk: D, _ directory: String, than name: String
    ) -> Bool {
        func order(_ name: String) -> Zxid? {
            LogFileNames.firstZxid(of: name) ?? apacheLogZxid(name)
        }
        guard let own = order(name), let names = try? disk.list(directory) else { return false }
        return names.contains { order($0).map { $0 > own } ?? false }
    }

    /// One of our log directories.
    init<D: Disk>(directory disk: D, _ directory: String) throws(InspectionError) {
        origin = .own
        let names = try reading { () throws(DiskError) in try disk.list(directory) }
        paths = names.filter { LogFileNames.firstZxid(of: $0) != nil }.map { directory + "/" + $0 }
        for path in paths { try Self.checkVersion(disk, path) }
        if let newest = paths.last {
            watermark = try Self.watermark(disk, directory, of: newest)
        }
    }

    /// One of Apache's.
    init<D: Disk>(apache disk: D, _ directory: String) throws(InspectionError) {
        origin = .apache
        let names = try reading { () throws(DiskError) in try disk.list(directory) }
        let files = names.compactMap { name in
            apacheLogZxid(name).map { (zxid: $0, path: directory + "/" + name) }
        }
        paths = files.sorted { $0.zxid < $1.zxid }.map(\.path)
    }

    /// A later version's file is not damaged: this program cannot say anything about it.
    static func checkVersion<D: Disk>(
        _ disk: D, _ path: String
    ) throws(InspectionError) {
        let opened = try ifPresent { () throws(DiskError) in
            try SegmentInspector.open(disk, path)
        }
        if case .unknownVersion(let version) = opened?.defect {
            throw .newerLog(path, version)
        }
    }

    private static func watermark<D: Disk>(
        _ disk: D, _ directory: String, of newest: String
    ) throws(InspectionError) -> Watermark? {
        let found = try reading { () throws(DiskError) in
            try WatermarkInspection.read(disk, logDirectory: directory)?.current
        }
        let opened = try ifPresent { () throws(DiskError) in
            try SegmentInspector.open(disk, newest)
        }
        guard let header = opened?.inspector?.header else { return found }
        return found?.relative(to: LogBase(generation: header.generation, point: .origin))
    }
}
