import Storage
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a simulated disk has after the power failed.
@Suite struct SimulatedCrashTests {
    private func sectors(_ values: [UInt8]) -> [UInt8] {
        values.flatMap { Array(repeating: $0, count: 512) }
    }

    private func contents(_ disks: [SimulatedDisk], _ path: String) -> Set<[UInt8]?> {
        Set(
            disks.map { disk in
                disk.content(of: path).map {
                    $0.enumerated().compactMap {
                        $0.offset % 512 == 0 ? $0.element : nil
                    }
                }
            })
    }

    private func durableFile(_ values: [UInt8]) throws -> (SimulatedDisk, SimulatedFile) {
        let disk = SimulatedDisk()
        let file = try disk.create("f")
        try file.write(sectors(values), at: 0)
        try file.sync()
        try disk.syncDirectory(".")
        return (disk, file)
    }

    @Test("What was synced, name and all, is in every state")
    func synced() throws {
        let (disk, _) = try durableFile([1, 2])
        #expect(contents(disk.crashStates(limit: 100), "f") == [[1, 2]])
        for seed in 0..<20 { #expect(contents([disk.crash(seed: UInt64(seed))], "f") == [[1, 2]]) }
    }

    @Test("Unsynced sectors survive in any subset")
    func subsets() throws {
        let (disk, file) = try durableFile([1, 2])
        try file.write(sectors([3, 4]), at: 0)
        let found = contents(disk.crashStates(limit: 100), "f")
        #expect(found == [[1, 2], [3, 2], [1, 4], [3, 4]])
    }

    @Test("An unsynced sector may be found in a version before the last")
    func versions() throws {
        let (disk, file) = try durableFile([1])
        try file.write(sectors([2]), at: 0)
        try file.write(sectors([3]), at: 0)
        #expect(contents(disk.crashStates(limit: 100), "f") == [[1], [2], [3]])
    }

    @Test("A name is not durable before its directory is synced, even if the file is")
    func names() throws {
        let disk = SimulatedDisk()
        let file = try disk.create("f")
        try file.write(sectors([1]), at: 0)
        try file.sync()
        #expect(contents(disk.crashStates(limit: 100), "f") == [nil, [1]])
        try disk.syncDirectory(".")
        #expect(contents(disk.crashStates(limit: 100), "f") == [[1]])
    }

    @Test("A rename shows the old or the new file, never neither")
    func renames() throws {
        let (disk, _) = try durableFile([1])
        let new = try disk.create("g")
        try new.write(sectors([2]), at: 0)
        try new.sync()
        try disk.syncDirectory(".")
        try disk.rename("g", to: "f")
        #expect(contents(disk.crashStates(limit: 100), "f") == [[1], [2]])
    }

    @Test("A truncation happened or did not")
    func truncation() throws {
        let (disk, file) = try durableFile([1, 2, 3])
        try file.truncate(to: 512)
        #expect(contents(disk.crashStates(limit: 100), "f") == [[1], [1, 2, 3]])
        try file.sync()
        #expect(contents(disk.crashStates(limit: 100), "f") == [[1]])
    }

    @Test("A failed sync marks its pages clean: reads see them, no later sync writes them")
    func failedSync() throws {
        let (disk, file) = try durableFile([1, 2])
        try file.write(sectors([3, 4]), at: 0)
        disk.failOperation(1, with: EIO)
        #expect(throws: DiskError.self) { try file.sync() }
        try file.sync()
        #expect(contents([disk], "f") == [[3, 4]])
        #expect(contents([disk.afterKill()], "f") == [[3, 4]])
        #expect(contents(disk.crashStates(limit: 100), "f") == [[3, 2]])
    }

    @Test("What a failed sync of a longer file has lost is not there after a later one")
    func failedSyncOfGrowth() throws {
        let (disk, file) = try durableFile([1])
        try file.write(sectors([2]), at: 512)
        disk.failOperation(1, with: EIO)
        #expect(throws: DiskError.self) { try file.sync() }
        try file.write(sectors([3]), at: 0)
        try file.sync()
        #expect(contents([disk], "f") == [[3, 2]])
        #expect(contents(disk.crashStates(limit: 100), "f") == [[3, 0]])
    }

    @Test("Enumeration beyond the limit keeps to it and includes nothing and everything")
    func limited() throws {
        let (disk, file) = try durableFile(Array(repeating: 1, count: 20))
        try file.write(sectors(Array(repeating: 2, count: 20)), at: 0)
        let states = disk.crashStates(limit: 50)
        #expect(states.count == 50)
        let found = contents(states, "f")
        #expect(found.contains(Array(repeating: 1, count: 20)))
        #expect(found.contains(Array(repeating: 2, count: 20)))
        #expect(found.count > 25)
    }

    @Test("The same seed gives the same state")
    func determinism() throws {
        let (disk, file) = try durableFile(Array(repeating: 1, count: 20))
        try file.write(sectors(Array(repeating: 2, count: 20)), at: 0)
        #expect(disk.crash(seed: 7).content(of: "f") == disk.crash(seed: 7).content(of: "f"))
        #expect(disk.crash(seed: 7).content(of: "f") != disk.crash(seed: 8).content(of: "f"))
    }

    @Test("Nothing happens after a power cut")
    func powerCut() throws {
        let (disk, file) = try durableFile([1])
        disk.cutPower(at: 2)
        try file.write(sectors([2]), at: 0)
        #expect(throws: DiskError.self) { try file.sync() }
        #expect(throws: DiskError.self) { try file.write(sectors([3]), at: 0) }
        #expect(contents(disk.crashStates(limit: 100), "f") == [[1], [2]])
    }

    @Test("A full disk refuses to grow a file, and still writes within it")
    func capacity() throws {
        let (disk, file) = try durableFile([1, 2])
        disk.capacityBytes = 1024
        #expect(throws: DiskError("write", "f", code: ENOSPC)) { try file.write([1], at: 1024) }
        #expect(throws: DiskError("allocate", "f", code: ENOSPC)) { try file.allocate(2048) }
        try file.write(sectors([5]), at: 0)
        #expect(try disk.freeSpaceBytes(".") == 0)
    }

    @Test("The k-th operation fails, once, with the given error")
    func failures() throws {
        let (disk, file) = try durableFile([1])
        disk.failOperation(2, with: EDQUOT)
        try file.write([1], at: 0)
        #expect(throws: DiskError("write", "f", code: EDQUOT)) { try file.write([1], at: 0) }
        try file.write([1], at: 0)
    }

    @Test("Damage is on the medium and in the cache")
    func damage() throws {
        let (disk, _) = try durableFile([1, 2])
        disk.corrupt("f", 512, bits: 0x80)
        #expect(disk.content(of: "f")?[512] == 0x82)
        #expect(disk.crash(seed: 1).content(of: "f")?[512] == 0x82)
        disk.failReads("f", 0..<512)
        let file = try disk.open("f")
        #expect(throws: DiskError("read", "f", code: EIO)) { try file.readBytes(1, at: 5) }
        #expect(try file.readBytes(1, at: 512) == [0x82])
    }
}
