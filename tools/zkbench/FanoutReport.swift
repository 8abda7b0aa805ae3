/// What one change of watched znodes took to reach everyone.
struct FanoutReport: Codable {
    var watches: Int
    var connections: Int
    var znodes: Int
    var rounds: [Round]

    /// Milliseconds; those of events count from when the change was sent.
    struct Round: Codable {
        /// What setting all watches took.
        var registration: Double
        var changeReply: Double
        var first: Double
        var p50: Double
        var p99: Double
        /// The last client has its event.
        var last: Double
    }

    var table: String {
        let head = "\(watches) watches: \(connections) sessions on each of \(znodes) znodes"
        return ([head]
            + rounds.map {
                "  first \(decimal($0.first, 1)) ms  p50 \(decimal($0.p50, 1)) ms  "
                    + "p99 \(decimal($0.p99, 1)) ms  last \(decimal($0.last, 1)) ms  "
                    + "(change answered after \(decimal($0.changeReply, 1)) ms)"
            }).joined(separator: "\n")
    }
}
