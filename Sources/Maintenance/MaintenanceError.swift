import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// Why a restore, an export or a backup was not made. The sources are as they were; what had been
/// begun at the target says by itself that it is unfinished.
package enum MaintenanceError: Error, Equatable, Sendable {
    case disk(DiskError)
    case snapshot(SnapshotError)
    /// Of the log in this directory.
    case log(directory: String, TxnLogError)
    case recovery(RecoveryError)
    case meta(MetaError)

    /// The name says neither which zxid the snapshot is of nor how it is written.
    case notSnapshot(path: String)
    /// Neither `zknode/` nor `version-2/` of the expected kind is there.
    case notDataDirectory(path: String, expected: String)
    case notEmpty(path: String)
    /// A restore that did not come to its end.
    case unfinishedRestore(path: String)
    case noLogs(path: String)
    /// Logs of the other kind than the snapshot, which cannot be checked against it.
    case foreignLogs(path: String, snapshot: String)

    /// A fuzzy snapshot without the log that makes it exact.
    case fuzzy(snapshot: String, from: Zxid, lowest: Zxid, reached: Zxid?)
    /// The wanted point lies before the first state that the snapshot can give.
    case beforeSnapshot(snapshot: String, wanted: String, lowest: Zxid)
    /// Whether the snapshot is of a later time than the wanted one cannot be told.
    case timeUnknown(snapshot: String, zxid: Zxid, wanted: String)
    case logBeginsLater(path: String, needed: Zxid, first: Zxid)
    /// - path: nil if no log was given.
    case logEndsEarlier(path: String?, wanted: Zxid, last: Zxid)
    /// A record that passed every check is no transaction.
    case undecodable(path: String, zxid: Zxid, String)
    case unresolvedACLs(count: Int)

    /// A backup's manifest is missing, damaged, or names what is not so.
    case manifest(path: String, String)
    /// A copied file is not what was copied.
    case badCopy(path: String, String)
}

/// What scripts get (docs/operating/backup-and-restore.md, "Exit codes").
package enum MaintenanceExit: Int32, Sendable {
    case failure = 1
    /// A path cannot be used: not there, no permission, not empty, not what it has to be.
    case directory = 3
    /// Damage in the source; file and offset are named.
    case damaged = 5
    /// All that was read is whole, and the wanted point cannot be reached with it.
    case unreachable = 6
    /// Writing failed.
    case storage = 10
}

extension MaintenanceError {
    package var exit: MaintenanceExit {
        switch self {
        case .disk(let error): error.maintenanceExit
        case .snapshot(let error) where error.isNewerVersion: .directory
        case .snapshot(.disk(let error)), .log(_, .disk(let error)), .recovery(.disk(let error)),
            .recovery(.snapshot(.disk(let error))), .recovery(.log(.disk(let error))),
            .meta(.disk(let error)):
            error.maintenanceExit
        case .notSnapshot, .notDataDirectory, .notEmpty, .unfinishedRestore, .noLogs, .foreignLogs,
            .log(_, .locked), .log(_, .newerVersion), .recovery(.inUse),
            .recovery(.log(.newerVersion)), .meta(.newerVersion), .recovery(.meta(.newerVersion)):
            .directory
        case .fuzzy, .beforeSnapshot, .timeUnknown, .logBeginsLater, .logEndsEarlier,
            .log(_, .startsLater),
            .recovery(.lostLogEnd), .recovery(.noUsableSnapshot), .recovery(.apacheLostLogEnd),
            .recovery(.apacheGap):
            .unreachable
        case .log(_, .poisoned), .recovery(.log(.poisoned)): .storage
        case .snapshot, .log, .recovery, .meta, .undecodable, .unresolvedACLs, .manifest, .badCopy:
            .damaged
        }
    }
}

extension SnapshotError {
    /// A file that is whole for all this program knows, and that it cannot read.
    var isNewerVersion: Bool {
        guard case .invalid(_, let fault) = self, case .unsupportedVersion = fault.reason else {
            return false
        }
        return true
    }
}

extension DiskError {
    private static var writing: Set<String> {
        ["write", "sync", "sync directory", "allocate", "truncate", "rename", "remove"]
    }

    var maintenanceExit: MaintenanceExit {
        isOutOfSpace || Self.writing.contains(operation) ? .storage : .directory
    }
}

// Runs work of the modules below in this module's error.
func onDisk<T>(_ body: () throws(DiskError) -> T) throws(MaintenanceError) -> T {
    do throws(DiskError) { return try body() } catch { throw .disk(error) }
}

func onSnapshots<T>(_ body: () throws(SnapshotError) -> T) throws(MaintenanceError) -> T {
    do throws(SnapshotError) { return try body() } catch { throw .snapshot(error) }
}

func onLog<T>(
    _ directory: String, _ body: () throws(TxnLogError) -> T
) throws(MaintenanceError) -> T {
    do throws(TxnLogError) {
        return try body()
    } catch {
        throw .log(directory: directory, error)
    }
}

func onRecovery<T>(_ body: () throws(RecoveryError) -> T) throws(MaintenanceError) -> T {
    do throws(RecoveryError) { return try body() } catch { throw .recovery(error) }
}

func onMeta<T>(_ body: () throws(MetaError) -> T) throws(MaintenanceError) -> T {
    do throws(MetaError) { return try body() } catch { throw .meta(error) }
}
