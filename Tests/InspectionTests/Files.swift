import Storage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The files that belong to the tests.
enum Files {
    static var tests: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    }

    static func golden(_ name: String) -> URL {
        tests.appending(path: "InspectionTests/Golden/" + name)
    }

    static let apacheNames = ["snapshot.0", "snapshot.21", "log.1", "log.22"]

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: tests.appending(path: name)))
    }

    /// A directory that Apache ZooKeeper 3.8.0 wrote, on a simulated disk.
    static func apacheDisk() throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        try disk.createDirectory("apache")
        try disk.createDirectory("apache/version-2")
        for name in apacheNames {
            disk.place(
                try bytes("RecoveryTests/Fixtures/apache-3.8.0/version-2/" + name),
                at: "apache/version-2/" + name)
        }
        return disk
    }

    /// Every file below `directory`, by its path.
    static func contents<D: Disk>(
        _ disk: D, _ directory: String
    ) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for name in try disk.list(directory) {
            let path = directory + "/" + name
            if let below = try? contents(disk, path) {
                found.merge(below) { $1 }
            } else {
                let file = try disk.openForReading(path)
                found[path] = try file.readBytes(Int(try file.sizeBytes()), at: 0)
            }
        }
        return found
    }
}
