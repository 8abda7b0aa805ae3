import Storage
import TxnLog

/// What a member of an ensemble can do about a directory that it cannot start from.
package enum RepairNeed: Equatable, Sendable {
    /// Nothing: somebody has to act, or there is no damage.
    case none
    /// Records or a snapshot are damaged or gone: the others may have them.
    case pieces
    /// Its promises, or what its history is, are in doubt: a leader has to synchronize it.
    case leader
}

extension RecoveryError {
    package var repairNeed: RepairNeed {
        switch self {
        case .log(let error): error.repairNeed
        case .lostLogEnd, .noUsableSnapshot, .missingLog: .pieces
        case .meta(.lost), .unresolvedACLs, .undecodable: .leader
        case .disk, .inUse, .wrongServer, .wrongEnsemble, .meta(.disk), .meta(.newerVersion),
            .snapshot, .apacheLog, .apacheGap, .apacheLostLogEnd, .apacheNoSnapshot, .apacheEpoch:
            .none
        }
    }
}

extension TxnLogError {
    fileprivate var repairNeed: RepairNeed {
        switch self {
        case .corrupt(let fault):
            switch fault.reason {
            // Another ensemble's, or of a `meta` that is older than the log: S-29.
            case .foreignEnsemble: .none
            case .futureGeneration: .leader
            case .overlap, .misnamed, .brokenChain: .leader
            case .segmentHeader, .recordHeader, .bodyChecksum, .recordLength, .cutShort,
                .compressedBody, .unreadable, .lostTail, .missingRecords:
                .pieces
            }
        case .startsLater: .pieces
        case .noRecord, .otherHistory: .leader
        case .locked, .disk, .poisoned, .newerVersion: .none
        }
    }
}
