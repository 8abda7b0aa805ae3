import Storage
import TxnLog
import ZKWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension DiskError {
    /// A lock that another process holds.
    var isHeldElsewhere: Bool { operation == "lock" && code == EWOULDBLOCK }
}
