import Storage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension DiskError {
    /// A lock that another process has.
    var isHeldElsewhere: Bool { operation == "lock" && code == EWOULDBLOCK }
}
