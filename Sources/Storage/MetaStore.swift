// The two files that hold a server's promises.
//
//  1. `write` returns after both copies are durable; memory is to be changed only afterwards.
//  2. A copy is replaced by a complete, synced file (temporary name, sync, rename, sync of the
//     directory), the second one only after the first.
//  3. After a failure the store refuses everything: what is on the medium is unknown.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

package struct MetaStore<D: Disk>: Sendable {
    private let disk: D
    private let directory: String
    /// What is durable; nil before the first write.
    package private(set) var record: MetaRecord?
    private var sequence: UInt64 = 0
    private var failure: DiskError?

    private static var names: [String] { ["meta-a", "meta-b"] }
    private static var temporarySuffix: String { ".new" }

    /// Reads what is there and, where one copy is bad, replaces it by the other.
    ///
    /// - Parameter hasHistory: whether the server has a log or a snapshot: then missing files are
    ///   lost promises, not a first start.
    /// - Throws: `lost` where no copy is usable.
    package init(
        disk: D, directory: String, hasHistory: Bool
    ) throws(MetaError) {
        self.disk = disk
        self.directory = directory
        let a = try read(Self.names[0])
        let b = try read(Self.names[1])
        switch MetaVerdict.of(a, b, hasHistory: hasHistory) {
        case .useNewer, .useValid:
            use(a)
            use(b)
            // Also where one is merely older, and where a name may not be on the medium yet.
            if let record { try write(record) }
        case .firstStart: break
        case .lost: throw .lost(directory: directory, a: a, b: b)
        case .newerVersion: throw .newerVersion(directory: directory, a: a, b: b)
        }
    }

    /// In the place of two copies of which none is usable. What was promised is not known: the record
    /// says that the server is recovering.
    package init(
        disk: D, directory: String, insteadOfLost record: MetaRecord
    ) throws(MetaError) {
        precondition(record.isRecovering, "promises made up: \(record)")
        self.disk = disk
        self.directory = directory
        try write(record)
    }

    private mutating func use(_ copy: MetaCopy) {
        guard case .valid(let found, let number) = copy, number >= sequence else { return }
        record = found
        sequence = number
    }

    /// Durable when it returns.
    ///
    /// - Precondition: neither epoch goes back, and neither does the base's generation.
    package mutating func write(_ new: MetaRecord) throws(MetaError) {
        if let failure { throw .disk(failure) }
        if let record {
            precondition(
                new.acceptedEpoch >= record.acceptedEpoch
                    && new.currentEpoch >= record.currentEpoch
                    && new.baseGeneration >= record.baseGeneration,
                "\(new) after \(record)")
        }
        precondition(new.currentEpoch <= new.acceptedEpoch, "\(new)")
        let bytes = new.encode(sequence: sequence + 1)
        do throws(DiskError) {
            for name in Self.names { try replace(name, with: bytes) }
        } catch {
            failure = error
            throw .disk(error)
        }
        sequence += 1
        record = new
    }

    private func replace(_ name: String, with bytes: [UInt8]) throws(DiskError) {
        let path = directory + "/" + name
        let file = try disk.create(path + Self.temporarySuffix)
        defer { file.close() }
        try file.truncate(to: 0)
        try file.write(bytes, at: 0)
        try file.sync()
        try disk.rename(path + Self.temporarySuffix, to: path)
        try disk.syncDirectory(directory)
    }

    private func read(_ name: String) throws(MetaError) -> MetaCopy {
        let path = directory + "/" + name
        do throws(DiskError) {
            let file = try disk.openForReading(path)
            defer { file.close() }
            return MetaRecord.decode(try file.readBytes(MetaFormat.sizeBytes + 1, at: 0))
        } catch {
            if error.code == ENOENT { return .missing }
            if error.operation == "read" { return .damaged("\(error)") }
            throw .disk(error)
        }
    }
}

/// Why a server's promises cannot be read or kept.
package enum MetaError: Error, Equatable, Sendable, CustomStringConvertible {
    case disk(DiskError)
    case lost(directory: String, a: MetaCopy, b: MetaCopy)
    case newerVersion(directory: String, a: MetaCopy, b: MetaCopy)

    package var description: String {
        let recovering = "docs/operating/recovering.md"
        return switch self {
        case .disk(let error) where error.isOutOfSpace:
            "Meta: \(error). Nothing was promised by what could not be written; free space on this"
                + " disk and start again: \(recovering)#disk-full"
        case .disk(let error):
            "Meta: \(error). Nothing was promised by what could not be written; check the disk and"
                + " start again: \(recovering)#disk-error"
        case .lost(let directory, let a, let b):
            "Meta: no usable copy in \(directory): meta-a \(a.text), meta-b \(b.text). The epochs"
                + " that this server has promised are unknown, so it does not start until it is"
                + " repaired: \(recovering)#lost-meta"
        case .newerVersion(let directory, let a, let b):
            "Meta: \(directory) was written by a later version: meta-a \(a.text), meta-b \(b.text);"
                + " this program reads version \(MetaFormat.exchangingVersion):"
                + " \(recovering)#newer-version"
        }
    }
}

extension MetaCopy {
    fileprivate var text: String {
        switch self {
        case .valid(_, let sequence): "is valid (number \(sequence))"
        case .missing: "is missing"
        case .damaged(let what): "is damaged (\(what))"
        case .newer(let version): "has format version \(version)"
        }
    }
}
