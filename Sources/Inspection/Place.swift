// What a path on the command line is. A directory is told by the names in it, a file by its first
// bytes and, where those are damaged, by its name.
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

/// A path, recognised.
enum Place: Equatable {
    case file
    /// Our `zknode/` is in it.
    case own(DataDirectory)
    /// Apache's `version-2`, or two of them.
    case apache(snapshots: String, logs: String)
    /// Our segments are in it.
    case logDirectory
    case snapshotDirectory

    /// - Parameter logDirectory: `dataLogDir`, if the log is apart.
    init<D: Disk>(
        _ disk: D, _ path: String, logDirectory: String? = nil
    ) throws(InspectionError) {
        try self.init(recognizing: disk, path, logDirectory)
        guard let logDirectory else { return }
        switch self {
        case .own, .apache: try Self.check(logDirectory: logDirectory, disk)
        case .file, .logDirectory, .snapshotDirectory:
            throw .wrongDirectory(
                path: path, expected: "a data directory, which --log-dir goes with")
        }
    }

    /// Empty it may be, as before the first start; something else it may not.
    private static func check<D: Disk>(
        logDirectory path: String, _ disk: D
    ) throws(InspectionError) {
        let names = try reading { () throws(DiskError) in try disk.list(path) }
        guard names.isEmpty || names.contains("zknode") || names.contains("version-2") else {
            throw .wrongDirectory(
                path: path, expected: "a dataLogDir: there is no zknode or version-2 in it",
                advice: "Give the directory that dataLogDir names")
        }
    }

    private init<D: Disk>(
        recognizing disk: D, _ path: String, _ logDirectory: String?
    ) throws(InspectionError) {
        guard let names = try Self.list(disk, path) else {
            self = .file
            return
        }
        if names.contains("zknode") {
            let directory = DataDirectory(path, dataLog: logDirectory)
            if try Self.isStarted(disk, directory) {
                self = .own(directory)
            } else if names.contains("version-2") {
                // An import that was cut short, which begins again.
                self = .apache(snapshots: directory.apacheSnapshots, logs: directory.apacheLogs)
            } else {
                throw .wrongDirectory(
                    path: path,
                    expected: "a directory that a server has written to: zknode has"
                        + " neither meta nor a log")
            }
        } else if names.contains("meta-a") || names.contains("meta-b"),
            path.split(separator: "/").last == "zknode"
        {
            self = .own(DataDirectory(parentDirectory(of: path), dataLog: logDirectory))
        } else if names.contains("version-2") {
            self = .apache(
                snapshots: path + "/version-2", logs: (logDirectory ?? path) + "/version-2")
        } else if names.contains(where: { LogFileNames.firstZxid(of: $0) != nil }) {
            self = .logDirectory
        } else if names.contains(where: { SnapshotName(fileName: $0)?.encoding == .lz4 }) {
            self = .snapshotDirectory
        } else if names.contains(where: { isApacheName($0) }) {
            self = .apache(snapshots: path, logs: logDirectory.map { $0 + "/version-2" } ?? path)
        } else {
            throw .wrongDirectory(
                path: path,
                expected: "a data directory: there is no zknode or version-2 in it, and no log or"
                    + " snapshot")
        }
    }

    /// Whether there is anything that a start would call ours.
    private static func isStarted<D: Disk>(
        _ disk: D, _ directory: DataDirectory
    ) throws(InspectionError) -> Bool {
        let names = try reading { () throws(DiskError) in try disk.list(directory.own) }
        if MetaInspection.names.contains(where: { names.contains($0) }) { return true }
        guard disk.exists(directory.log) else { return false }
        return try reading { () throws(DiskError) in try disk.list(directory.log) }
            .contains { LogFileNames.firstZxid(of: $0) != nil }
    }

    /// The names in a directory; nil if it is a file.
    private static func list<D: Disk>(
        _ disk: D, _ path: String
    ) throws(InspectionError) -> [String]? {
        do throws(DiskError) {
            return try disk.list(path)
        } catch {
            guard error.code == ENOTDIR || error.code == ENOENT else { throw .disk(error) }
            try reading { () throws(DiskError) in try disk.openForReading(path).close() }
            return nil
        }
    }
}

/// `log.<zxid>` or `snapshot.<zxid>`, the latter perhaps compressed.
func isApacheName(_ name: String) -> Bool {
    apacheLogZxid(name) != nil || SnapshotName(fileName: name) != nil
}

func apacheLogZxid(_ name: String) -> Zxid? {
    guard name.hasPrefix("log."), let value = UInt64(name.dropFirst(4), radix: 16) else {
        return nil
    }
    return Zxid(rawValue: Int64(bitPattern: value))
}

func fileName(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
}

func parentDirectory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Without slashes at the end, which would show in messages.
func normalized(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
}
