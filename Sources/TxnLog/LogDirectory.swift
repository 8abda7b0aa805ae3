import Storage
import ZKWire

/// A segment as the directory shows it.
struct Segment: Equatable, Sendable {
    let name: String
    let header: SegmentHeader
    let sizeBytes: Int
}

/// A file with a segment's name whose header is unusable.
struct BadSegment: Equatable, Sendable {
    let name: String
    /// As the name states.
    let firstZxid: Zxid
    let reason: LogFault.Reason
}

/// The directory of a log: paths, names and headers, no records.
struct LogDirectory<D: Disk>: Sendable {
    let disk: D
    let path: String

    func path(of name: String) -> String { path + "/" + name }

    struct Listing {
        /// In the order of their names, which is that of their first zxids.
        var segments: [Segment] = []
        /// Their headers state other first zxids than their names.
        var misnamed: [Segment] = []
        var bad: [BadSegment] = []
    }

    /// Reads every segment's header.
    func listSegments() throws(TxnLogError) -> Listing {
        var listing = Listing()
        for name in try attempt({ () throws(DiskError) in try disk.list(path) }) {
            guard let first = LogFileName.firstZxid(of: name) else { continue }
            switch try readHeader(of: name) {
            case .success(let segment):
                if segment.header.firstZxid == first {
                    listing.segments.append(segment)
                } else {
                    listing.misnamed.append(segment)
                }
            case .failure(let failure):
                if case .segmentHeader(.unknownVersion(let version)) = failure.reason {
                    throw .newerVersion(file: name, version: version)
                }
                listing.bad.append(
                    BadSegment(name: name, firstZxid: first, reason: failure.reason))
            }
        }
        return listing
    }

    struct Unusable: Error {
        let reason: LogFault.Reason
    }

    /// The file's header; an unreadable one is the segment's fault, not the caller's.
    private func readHeader(of name: String) throws(TxnLogError) -> Result<Segment, Unusable> {
        do throws(DiskError) {
            let file = try disk.openForReading(path(of: name))
            defer { file.close() }
            let size = Int(try file.sizeBytes())
            let block = try file.readBytes(TxnLogFormat.headerBlockBytes, at: 0)
            let header = block.withByteView { SegmentHeader.decode($0) }
            return header.map { Segment(name: name, header: $0, sizeBytes: size) }
                .mapError { Unusable(reason: .segmentHeader($0.defect)) }
        } catch {
            if error.operation == "read" { return .failure(Unusable(reason: .unreadable(error))) }
            throw .disk(error)
        }
    }

    func openForReading(_ segment: Segment) throws(TxnLogError) -> D.File {
        try attempt { () throws(DiskError) in try disk.openForReading(path(of: segment.name)) }
    }

    func exists(_ name: String) -> Bool { disk.exists(path(of: name)) }

    /// Removes a file for good: what is removed next cannot survive what is removed now.
    func removeDurably(_ name: String) throws(DiskError) {
        try disk.remove(path(of: name))
        try disk.syncDirectory(path)
    }

    /// Makes the names durable.
    func sync() throws(DiskError) { try disk.syncDirectory(path) }

    func renameDurably(_ name: String, to newName: String) throws(DiskError) {
        try disk.rename(path(of: name), to: path(of: newName))
        try disk.syncDirectory(path)
    }
}

/// Runs disk work whose failure is an environment's, in the log's error type.
@inline(__always)
func attempt<R>(_ body: () throws(DiskError) -> R) throws(TxnLogError) -> R {
    do throws(DiskError) {
        return try body()
    } catch {
        throw .disk(error)
    }
}
