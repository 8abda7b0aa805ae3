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
    var lock: String { own + "/lock" }

    package var apacheSnapshots: String { data + "/version-2" }
    package var apacheLogs: String { dataLog + "/version-2" }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
