import Inspection
import Storage
import Testing

/// Changes show to whoever made them, and never reach the disk below.
struct OverlayDiskTests {
    private static let path = "file"

    private func base() -> SimulatedDisk {
        let disk = SimulatedDisk()
        // Three pages, the last one short.
        disk.place((0..<150_000).map { UInt8(truncatingIfNeeded: $0) }, at: Self.path)
        return disk
    }

    private func content<D: Disk>(_ disk: D, _ path: String) throws -> [UInt8] {
        let file = try disk.openForReading(path)
        return try file.readBytes(Int(try file.sizeBytes()), at: 0)
    }

    @Test("A write across pages shows, and the file below stays")
    func write() throws {
        let disk = base()
        let before = try content(disk, Self.path)
        let overlay = OverlayDisk(disk)
        try overlay.open(Self.path).write([UInt8](repeating: 0xEE, count: 70_000), at: 60_000)
        var expected = before
        expected.replaceSubrange(
            60_000..<130_000, with: [UInt8](repeating: 0xEE, count: 70_000))
        #expect(try content(overlay, Self.path) == expected)
        #expect(try content(disk, Self.path) == before)
    }

    @Test("What was cut off does not come back when the file grows")
    func truncate() throws {
        let disk = base()
        let before = try content(disk, Self.path)
        let overlay = OverlayDisk(disk)
        let file = try overlay.open(Self.path)
        try file.write([1, 2, 3], at: 99_999)
        file.truncate(to: 100_000)
        try file.write([9], at: 120_000)
        let found = try content(overlay, Self.path)
        #expect(found.count == 120_001)
        #expect(Array(found[..<99_999]) == Array(before[..<99_999]))
        #expect(found[99_999] == 1)
        #expect(found[100_000..<120_000].allSatisfy { $0 == 0 })
        #expect(found[120_000] == 9)
        #expect(try content(disk, Self.path) == before)
    }

    @Test("Names that come, go and change show above and not below")
    func names() throws {
        let disk = base()
        try disk.createDirectory("directory")
        disk.place([1], at: "directory/old")
        disk.place([2], at: "directory/gone")
        let overlay = OverlayDisk(disk)
        try overlay.create("directory/new").write([3], at: 0)
        try overlay.rename("directory/old", to: "directory/renamed")
        try overlay.remove("directory/gone")
        #expect(try overlay.list("directory") == ["new", "renamed"])
        #expect(try content(overlay, "directory/renamed") == [1])
        #expect(!overlay.exists("directory/old"))
        #expect(throws: DiskError.self) { _ = try overlay.openForReading("directory/gone") }
        try overlay.create("directory/gone").write([4], at: 0)
        #expect(try content(overlay, "directory/gone") == [4])
        #expect(try disk.list("directory") == ["gone", "old"])
        #expect(try content(disk, "directory/gone") == [2])
    }
}
