// What a run does, as a value that its threads share.

struct LoadPlan: Sendable {
    enum Operation: Sendable {
        case set
        case get
        /// Gets and sets, at random.
        case mix(readPercent: UInt64)
        /// New znodes below the numbered directories of `root`.
        case create(root: String, directory: DirectoryRule)
    }

    /// Which directory the `n`th new znode is in.
    enum DirectoryRule: Sendable {
        /// All of them in turn.
        case inTurn(count: UInt64)
        /// One after the other, each filled first.
        case filled(size: UInt64)

        @inline(__always)
        func directory(of number: UInt64) -> Int {
            switch self {
            case .inTurn(let count): Int(number % count)
            case .filled(let size): Int(number / size)
            }
        }
    }

    var servers: [ServerAddress]
    var connections: Int
    /// Requests that each connection has in flight in a closed loop.
    var inFlight: Int
    var operation: Operation
    var keys: KeySpace
    var distribution = KeyDistribution.uniform
    /// Replies before this time after the start are not measured.
    var warmUp: UInt64
    /// Measured time; with `requestLimit`, the time to give up.
    var duration: UInt64
    /// Measured requests in all, nil for as many as go into `duration`.
    var requestLimit: UInt64?
    /// Requests a second in all (an open loop); nil sends the next when a reply comes.
    var rate: Double?
    /// The width of the windows of the timeline.
    var timelineWindow: UInt64?
    /// The number of the first new znode, so that runs do not meet each other's.
    var firstName: UInt64 = 0
    var threads: Int
    var sessionTimeoutMilliseconds: Int32 = 30000
}
