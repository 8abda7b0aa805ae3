/// Where a server's files are (docs/architecture.md, "Disk").
package struct DataDirectory: Equatable, Sendable {
    /// `dataDir`.
    package let data: String
    /// `dataLogDir`, which is `dataDir` unless configured.
    package let dataLog: String

    package init(_ data: String, dataLog: String? = nil) {
        self.data = data
        self.dataLog = dataLog ?? data
    }

    /// `meta-a`, `meta-b`, the lock and `snapshot/`.
    package var own: String { data + "/zknode" }
    package var snapshots: String { own + "/snapshot" }
    /// What `log` is in: `own` unless the log has a disk of its own.
    package var ownLog: String { dataLog + "/zknode" }
    package var log: String { ownLog + "/log" }
    package var lock: String { own + "/lock" }

    /// Where a repair puts together what takes the place of `log` and `snapshots`.
    package var rebuiltLog: String { log + ".repair" }
    package var rebuiltSnapshots: String { snapshots + ".repair" }
    /// Transactions that other members sent to a repair.
    package var fetchedTxns: String { rebuiltLog + ".fetched" }
    static let asideSuffix = ".damaged-"

    /// Where the files go that a repair has replaced.
    /// - Parameter generation: of the history that took their place.
    func aside(_ path: String, _ generation: UInt32) -> String {
        path + DataDirectory.asideSuffix + "\(generation)"
    }

    package var apacheSnapshots: String { data + "/version-2" }
    package var apacheLogs: String { dataLog + "/version-2" }

    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
