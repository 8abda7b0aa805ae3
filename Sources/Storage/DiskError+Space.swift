#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension DiskError {
    /// Whether freeing space (or raising a quota) is the remedy.
    package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
}
