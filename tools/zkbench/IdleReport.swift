/// What idle sessions cost.
struct IdleReport: Codable {
    var sessions: Int
    var openSeconds: Double
    var holdSeconds: Double
    var pingIntervalSeconds: Double
    var pings: Int
    var lost: Int
    /// To within the 10 ms between two looks.
    var pingMilliseconds: [String: Double]
    var processes: [Process]

    struct Process: Codable {
        var residentBytesBefore: Int
        var residentBytesHeld: Int
        /// The share of one core while the sessions were held.
        var cores: Double
    }

    /// What memory grew by, of all processes, for each session.
    var bytesPerSession: Int {
        processes.reduce(0) { $0 + $1.residentBytesHeld - $1.residentBytesBefore } / sessions
    }

    var table: String {
        var lines = [
            "\(sessions) idle sessions, opened in \(decimal(openSeconds, 2)) s, held "
                + "\(decimal(holdSeconds, 1)) s, a ping each \(decimal(pingIntervalSeconds, 1)) s",
            "  pings         \(pings), answered within \(decimal(pingMilliseconds["p99"] ?? 0, 0))"
                + " ms (p99)",
        ]
        if !processes.isEmpty {
            let cores = processes.map { decimal(100 * $0.cores, 1) + " %" }
            lines.append("  memory        \(bytesPerSession) B a session")
            lines.append("  of a core     \(cores.joined(separator: ", "))")
        }
        return lines.joined(separator: "\n")
    }
}
