#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension DiskError {
    /// Whether freeing space (or raising a quota) is the remedy.
    package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }

    /// Whether the file or its file system does not allow it to this process.
    package var isNotPermitted: Bool { code == EACCES || code == EPERM || code == EROFS }
}
