// Which exit code an error of the storage is: whether it helps to wait for room, to mend a path, or
// to look at the data (docs/operating/exit-codes.md).
import Recovery
import Resync
import Storage
import TxnLog

extension RecoveryError {
    /// The exit code of a start that ends with this.
    package var exitCode: ServerExitCode {
        switch self {
        case .disk(let error), .meta(.disk(let error)), .snapshot(.disk(let error)):
            error.isOutOfSpace ? .storageFailure : .dataDirectory
        case .log(.disk(let error)) where error.isNotPermitted: .dataDirectory
        case .log(let error): error.exitCode
        case .inUse, .wrongServer, .wrongEnsemble, .missingLog, .meta(.newerVersion):
            .dataDirectory
        default: .corruptStorage
        }
    }
}

extension TxnLogError {
    /// The exit code of a process that ends with this.
    package var exitCode: ServerExitCode {
        switch self {
        case .disk, .poisoned: .storageFailure
        case .locked, .newerVersion: .dataDirectory
        case .corrupt, .startsLater, .noRecord, .otherHistory: .corruptStorage
        }
    }
}

extension SyncError {
    /// The exit code of a process that ends with this.
    var exitCode: ServerExitCode {
        switch self {
        case .log(let error): error.exitCode
        case .recovery(let error): error.exitCode
        case .snapshot, .meta: .storageFailure
        case .noSnapshot, .badStream, .nothingBefore: .corruptStorage
        }
    }
}
