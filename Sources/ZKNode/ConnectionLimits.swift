/// How many connections are taken (`maxClientCnxns`, `maxCnxns`), and never so many that the log and
/// the snapshots find no file descriptor left: the server would end for it.
package struct ConnectionLimits: Sendable {
    /// File descriptors that connections leave to the rest of the process.
    private static let reservedFiles = 32

    /// From one address; 0 is no limit.
    private let perHost: Int
    /// 0 is no limit.
    private let total: Int
    private let maximumFiles: Int

    /// - Parameter maximumFiles: the file descriptors that the process may have (`ulimit -n`).
    package init(perHost: Int, total: Int, maximumFiles: Int) {
        self.perHost = perHost
        self.total = total
        self.maximumFiles = maximumFiles
    }

    /// Why one more is not taken; nil if it is.
    package func refusal(total current: Int, ofHost: Int) -> String? {
        if total > 0, current >= total { return "\(current) connections, maxCnxns is \(total)" }
        if perHost > 0, ofHost >= perHost {
            return "\(ofHost) connections from there, maxClientCnxns is \(perHost)"
        }
        if current >= max(maximumFiles - Self.reservedFiles, 1) {
            return "\(current) connections, the process may open \(maximumFiles) files: raise its "
                + "limit (ulimit -n, LimitNOFILE)"
        }
        return nil
    }
}
