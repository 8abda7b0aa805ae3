import Storage

/// What can go wrong with a snapshot as a whole.
package enum SnapshotError: Error, Equatable, Sendable {
    /// The disk failed. While writing, the unfinished file has been removed where that was possible
    /// and every older snapshot is untouched.
    case disk(DiskError)
    /// The file's bytes are no snapshot.
    case invalid(path: String, SnapshotFault)
    /// The tree did not take what a file with valid checksums holds.
    case refused(path: String, String)
}

extension SnapshotError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .disk(let error) where error.isOutOfSpace:
            "Snapshot: \(error). The older snapshots and the log are kept and the server goes on; "
                + "free space on this disk: docs/operating/recovering.md#disk-full"
        case .disk(let error):
            "Snapshot: \(error). The older snapshots and the log are kept; check the disk: "
                + "docs/operating/recovering.md#disk-error"
        case .invalid(let path, let fault):
            "Snapshot: \(path): \(fault). The file is not used: "
                + "docs/operating/recovering.md#corrupt-snapshot"
        case .refused(let path, let words):
            "Snapshot: \(path): \(words). The file is not used: "
                + "docs/operating/recovering.md#corrupt-snapshot"
        }
    }
}
