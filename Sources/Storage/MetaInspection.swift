#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The two copies of `meta` as they lie on the disk, for tools: nothing is decided or replaced.
package struct MetaInspection: Equatable, Sendable {
    package static let names = ["meta-a", "meta-b"]

    /// In the order of `names`.
    package let copies: [MetaCopy]

    package init<D: Disk>(_ disk: D, directory: String) throws(DiskError) {
        var copies: [MetaCopy] = []
        for name in Self.names { copies.append(try Self.read(disk, directory + "/" + name)) }
        self.copies = copies
    }

    /// What a server would go by: the valid copy with the higher number.
    package var record: MetaRecord? {
        var best: (record: MetaRecord, sequence: UInt64)?
        for case .valid(let record, let sequence) in copies
        where sequence >= best?.sequence ?? 0 {
            best = (record, sequence)
        }
        return best?.record
    }

    private static func read<D: Disk>(_ disk: D, _ path: String) throws(DiskError) -> MetaCopy {
        do throws(DiskError) {
            let file = try disk.openForReading(path)
            defer { file.close() }
            return MetaRecord.decode(try file.readBytes(MetaFormat.sizeBytes + 1, at: 0))
        } catch {
            if error.code == ENOENT { return .missing }
            if error.operation == "read" { return .damaged("\(error)") }
            throw error
        }
    }
}
