import Storage
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What every disk must do; run with the real one and with its twin.
@Suite struct DiskConformanceTests {
    enum Kind: CaseIterable { case posix, simulated }

    private func withDisk(
        _ kind: Kind, _ body: (any DiskUser) throws -> Void
    ) throws {
        switch kind {
        case .posix:
            var template = Array("/tmp/zknode-disk-XXXXXX".utf8CString)
            _ = try #require(mkdtemp(&template))
            let root = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
            defer { removeTree(root) }
            try body(User(disk: PosixDisk(), root: root))
        case .simulated:
            let disk = SimulatedDisk()
            try disk.createDirectory("root")
            try body(User(disk: disk, root: "root"))
        }
    }

    private func removeTree(_ root: String) {
        let disk = PosixDisk()
        for name in (try? disk.list(root)) ?? [] {
            if (try? disk.remove(root + "/" + name)) == nil { rmdir(root + "/" + name) }
        }
        rmdir(root)
    }

    @Test("Bytes are read back where they were written", arguments: Kind.allCases)
    func readBack(_ kind: Kind) throws {
        try withDisk(kind) { try $0.readBack() }
    }

    @Test("A read at the end of the file is short", arguments: Kind.allCases)
    func shortRead(_ kind: Kind) throws {
        try withDisk(kind) { try $0.shortRead() }
    }

    @Test("A gap reads as zeros; truncating forgets, growing gives zeros", arguments: Kind.allCases)
    func sizes(_ kind: Kind) throws {
        try withDisk(kind) { try $0.sizes() }
    }

    @Test("Zeros replace what was there, whole pages or not", arguments: Kind.allCases)
    func zeros(_ kind: Kind) throws {
        try withDisk(kind) { try $0.zeros() }
    }

    @Test("Allocating extends and never shortens", arguments: Kind.allCases)
    func allocation(_ kind: Kind) throws {
        try withDisk(kind) { try $0.allocation() }
    }

    @Test("Names are listed sorted, renamed over, removed", arguments: Kind.allCases)
    func names(_ kind: Kind) throws {
        try withDisk(kind) { try $0.names() }
    }

    @Test("A missing file is ENOENT, and the message says which", arguments: Kind.allCases)
    func missing(_ kind: Kind) throws {
        try withDisk(kind) { try $0.missing() }
    }

    @Test("A file opened for reading is not written", arguments: Kind.allCases)
    func readOnly(_ kind: Kind) throws {
        try withDisk(kind) { try $0.readOnly() }
    }

    @Test("An open file outlives its name", arguments: Kind.allCases)
    func unlinked(_ kind: Kind) throws {
        try withDisk(kind) { try $0.unlinked() }
    }

    @Test("A lock is held once, and again after its release", arguments: Kind.allCases)
    func locks(_ kind: Kind) throws {
        try withDisk(kind) { try $0.locks() }
    }
}

private protocol DiskUser {
    func readBack() throws
    func shortRead() throws
    func sizes() throws
    func zeros() throws
    func allocation() throws
    func names() throws
    func missing() throws
    func readOnly() throws
    func unlinked() throws
    func locks() throws
}

private struct User<D: Disk>: DiskUser {
    let disk: D
    let root: String

    private func path(_ name: String) -> String { root + "/" + name }

    func readBack() throws {
        let file = try disk.create(path("a"))
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
        try file.write(bytes, at: 0)
        try file.write([1, 2, 3], at: 1023)
        try file.sync()
        try disk.syncDirectory(root)
        let again = try disk.openForReading(path("a"))
        #expect(try again.sizeBytes() == 5000)
        #expect(try again.readBytes(4, at: 1022) == [254, 1, 2, 3])
        #expect(try again.readBytes(2000, at: 3000) == Array(bytes[3000...]))
        #expect(try disk.freeSpaceBytes(root) > 0)
    }

    func shortRead() throws {
        let file = try disk.create(path("a"))
        try file.write([1, 2, 3], at: 0)
        #expect(try file.readBytes(10, at: 1) == [2, 3])
        #expect(try file.readBytes(10, at: 3) == [])
        #expect(try file.readBytes(10, at: 99) == [])
    }

    func sizes() throws {
        let file = try disk.create(path("a"))
        try file.write([9], at: 600)
        #expect(try file.readBytes(601, at: 0) == Array(repeating: 0, count: 600) + [9])
        try file.write([7, 7, 7], at: 10)
        try file.truncate(to: 11)
        try file.truncate(to: 14)
        #expect(try file.readBytes(20, at: 9) == [0, 7, 0, 0, 0])
        try file.sync()
    }

    func zeros() throws {
        let file = try disk.create(path("a"))
        for (offset, count) in [(0, 8192), (4096, 1 << 21), (5, 7), (4096, 100), (1, 4096)] {
            let bytes = [UInt8](repeating: 9, count: count + 2)
            try file.write(bytes, at: Int64(offset))
            try file.writeZeros(count, at: Int64(offset))
            let expected = [UInt8](repeating: 0, count: count) + [9, 9]
            #expect(try file.readBytes(count + 2, at: Int64(offset)) == expected)
            try file.sync()
        }
    }

    func allocation() throws {
        let file = try disk.create(path("a"))
        try file.write([1, 2], at: 0)
        try file.allocate(8192)
        #expect(try file.sizeBytes() == 8192)
        try file.allocate(100)
        #expect(try file.sizeBytes() == 8192)
        #expect(try file.readBytes(3, at: 0) == [1, 2, 0])
        try file.sync()
    }

    func names() throws {
        for name in ["b", "a", "c"] { try disk.create(path(name)).write([1], at: 0) }
        try disk.createDirectory(path("d"))
        #expect(try disk.list(root) == ["a", "b", "c", "d"])
        try disk.create(path("b")).write([2], at: 0)
        try disk.rename(path("b"), to: path("a"))
        try disk.remove(path("c"))
        #expect(try disk.list(root) == ["a", "d"])
        #expect(try disk.open(path("a")).readBytes(1, at: 0) == [2])
        #expect(disk.exists(path("a")) && !disk.exists(path("b")) && disk.exists(path("d")))
    }

    func missing() throws {
        let error = DiskError("open", path("x"), code: ENOENT)
        #expect(throws: error) { try disk.open(path("x")) }
        #expect(throws: error) { try disk.openForReading(path("x")) }
        #expect(throws: DiskError.self) { try disk.remove(path("x")) }
        #expect(throws: DiskError.self) { try disk.rename(path("x"), to: path("y")) }
        #expect(throws: DiskError.self) { try disk.list(path("x")) }
        #expect(error.description == "open \(path("x")): No such file or directory (errno 2)")
    }

    func readOnly() throws {
        try disk.create(path("a")).write([1], at: 0)
        let file = try disk.openForReading(path("a"))
        #expect(throws: DiskError.self) { try file.write([2], at: 0) }
        #expect(try file.readBytes(1, at: 0) == [1])
    }

    func unlinked() throws {
        let file = try disk.create(path("a"))
        try file.write([1], at: 0)
        try disk.remove(path("a"))
        try file.write([2], at: 1)
        #expect(try file.readBytes(2, at: 0) == [1, 2])
        #expect(!disk.exists(path("a")))
    }

    func locks() throws {
        let lock = try disk.lock(path("lock"))
        #expect(throws: DiskError("lock", path("lock"), code: EWOULDBLOCK)) {
            try disk.lock(path("lock"))
        }
        lock.release()
        lock.release()
        let again = try disk.lock(path("lock"))
        again.release()
    }
}
