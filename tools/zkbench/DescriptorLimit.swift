import Glibc

/// How many files and sockets the process may have open.
enum DescriptorLimit {
    /// What a process needs besides its connections.
    private static let reserve: UInt64 = 64

    /// Makes room for this many connections.
    static func raise(forConnections count: Int) throws(BenchError) {
        let wanted = UInt64(count) + reserve
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw BenchError(systemCall: "getrlimit", "RLIMIT_NOFILE")
        }
        guard limit.rlim_cur < wanted else { return }
        let hard = limit.rlim_max
        limit.rlim_cur = rlim_t(wanted)
        limit.rlim_max = max(hard, rlim_t(wanted))
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw BenchError(
                "\(count) connections need \(wanted) file descriptors and the limit is \(hard): "
                    + "raise it (ulimit -n \(wanted), as root) or ask for fewer connections")
        }
    }
}
