import Storage
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A directory of the real disk for the time of the call; directories in it go two levels deep.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/zknode-log-XXXXXX".utf8CString)
    _ = try #require(mkdtemp(&template))
    let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { removeTree(root) }
    try body(root)
}

private func removeTree(_ path: String) {
    let disk = PosixDisk()
    for name in (try? disk.list(path)) ?? [] {
        if (try? disk.remove(path + "/" + name)) == nil { removeTree(path + "/" + name) }
    }
    rmdir(path)
}
