import Storage
import Testing
import ZKWire

import Snapshot

struct SnapshotStoreTests {
    let disk = SimulatedDisk.withDirectories()

    func path(_ name: String) -> String { Sample.directory + "/" + name }

    /// Good snapshots at the zxids.
    func write(_ zxids: Int64...) throws {
        for zxid in zxids {
            try Sample.write(Sample.content(), on: disk, startZxid: Zxid(rawValue: zxid))
        }
    }

    func damage(_ zxid: Int64) {
        let name = path(SnapshotName(zxid: Zxid(rawValue: zxid)).fileName)
        disk[name] = Array(disk[name].dropLast(7))
    }

    @Test("The list is newest first and has no other files")
    func list() throws {
        try write(0x9, 0x10, 0xA)
        disk[path("snapshot.11.lz4.tmp")] = []
        disk[path("notes.txt")] = []
        let store = SnapshotStore(disk, directory: Sample.directory)
        #expect(try store.list().map(\.zxid.rawValue) == [0x10, 0xA, 0x9])
    }

    @Test("S-22: what a crash left of a snapshot is removed, and nothing else")
    func staleTemporaries() throws {
        try write(1)
        disk[path("snapshot.2.lz4.tmp")] = [1, 2, 3]
        disk[path("other.tmp")] = []
        let store = SnapshotStore(disk, directory: Sample.directory)
        #expect(try store.removeStaleTemporaries() == ["snapshot.2.lz4.tmp"])
        #expect(try disk.list(Sample.directory) == ["other.tmp", "snapshot.1.lz4"])
    }

    @Test("An abandoned snapshot leaves nothing")
    func abandon() throws {
        var writer = try SnapshotWriter(
            disk, directory: Sample.directory, startZxid: Zxid(rawValue: 4),
            origin: Sample.origin)
        try Sample.encode(Sample.content()).withByteView { (view) throws(SnapshotError) in
            try writer.append(view)
        }
        writer.abandon()
        #expect(try disk.list(Sample.directory) == [])
    }

    @Test("D12: a purge keeps the newest good snapshots, whatever lies around them")
    func purge() throws {
        try write(1, 2, 3, 4, 5, 6)
        damage(6)
        damage(4)
        damage(2)
        var store = SnapshotStore(disk, directory: Sample.directory)
        let purge = try store.purge(keeping: 2)
        #expect(purge.kept.map(\.zxid.rawValue) == [5, 3])
        #expect(purge.damaged.map(\.zxid.rawValue) == [6, 4])
        #expect(purge.removed.map(\.zxid.rawValue) == [2, 1])
        #expect(purge.logFloor == Zxid(rawValue: 3))
        #expect(try store.list().map(\.zxid.rawValue) == [6, 5, 4, 3])
    }

    @Test("D12: with fewer good snapshots than are to be kept nothing is removed, log included")
    func noPurge() throws {
        try write(1, 2, 3)
        damage(3)
        var store = SnapshotStore(disk, directory: Sample.directory)
        let purge = try store.purge(keeping: 3)
        #expect(purge.kept.map(\.zxid.rawValue) == [2, 1])
        #expect(purge.removed == [])
        #expect(purge.logFloor == nil)
        #expect(try store.list().count == 3)
    }
}
