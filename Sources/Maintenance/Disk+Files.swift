import Snapshot
import Storage
import ZKWire

extension Disk {
    /// Makes a directory unless it is there, durably.
    func makeDirectory(_ path: String) throws(DiskError) {
        guard !exists(path) else { return }
        try createDirectory(path)
        try syncDirectory(split(path).directory)
    }

    /// Writes a new small file and syncs it; its name is durable after a sync of its directory.
    func writeFile(_ text: String, at path: String) throws(DiskError) {
        let file = try create(path)
        defer { file.close() }
        try file.write(Array(text.utf8), at: 0)
        try file.sync()
    }

    /// A small file's content.
    func readFile(_ path: String) throws(DiskError) -> [UInt8] {
        let file = try openForReading(path)
        defer { file.close() }
        return try file.readBytes(Int(try file.sizeBytes()), at: 0)
    }

    /// Copies the first `count` bytes of a file (all of it if nil) to a new one, synced; what the
    /// copy's bytes are is told by its size and checksum.
    func copyFile(
        _ path: String, to newPath: String, count: Int64? = nil
    ) throws(DiskError) -> FileSum {
        let source = try openForReading(path)
        defer { source.close() }
        let end = try min(count ?? .max, source.sizeBytes())
        let copy = try create(newPath)
        defer { copy.close() }
        var sum = FileSum()
        while sum.sizeBytes < end {
            let bytes = try source.readExactly(
                Int(min(FileSum.stepBytes, end - sum.sizeBytes)), at: sum.sizeBytes)
            try copy.write(bytes, at: sum.sizeBytes)
            sum.add(bytes)
        }
        try copy.sync()
        return sum
    }

    /// Reads a whole file for its size and checksum.
    func sum(of path: String) throws(DiskError) -> FileSum {
        let file = try openForReading(path)
        defer { file.close() }
        let end = try file.sizeBytes()
        var sum = FileSum()
        while sum.sizeBytes < end {
            sum.add(
                try file.readExactly(
                    Int(min(FileSum.stepBytes, end - sum.sizeBytes)), at: sum.sizeBytes))
        }
        return sum
    }
}

/// A file's size and checksums. Two of them, since a file that ends with its own CRC-32, as `meta`
/// and the watermark do, has the same CRC-32 whatever is in it.
struct FileSum: Equatable, Sendable {
    static let stepBytes: Int64 = 1 << 20

    private(set) var sizeBytes: Int64 = 0
    private var crc: UInt32 = 0
    private var adler = Adler32()

    /// CRC-32 and Adler-32, eight hexadecimal digits each.
    var checksum: String {
        String(hexChecksum(crc).dropFirst(2) + hexChecksum(adler.value).dropFirst(2))
    }

    mutating func add(_ bytes: [UInt8]) {
        bytes.withByteView {
            crc = Checksum.crc32($0, continuing: crc)
            adler.update($0)
        }
        sizeBytes += Int64(bytes.count)
    }
}
