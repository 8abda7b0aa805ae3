import DataTree
import Snapshot
import Storage
import ZKWire

/// What a path holds, be it a snapshot or a data directory.
enum Content<D: Disk> {
    case snapshot(SnapshotFile<D>)
    case directory(D, String, Place)

    /// - Parameter logDirectory: `dataLogDir`, if the log is apart.
    init(_ disk: D, _ path: String, logDirectory: String? = nil) throws(InspectionError) {
        let place = try Place(disk, path, logDirectory: logDirectory)
        self =
            place == .file
            ? .snapshot(try SnapshotFile(disk, path)) : .directory(disk, path, place)
    }

    func read<Sink: SnapshotSink & ~Copyable>(
        into sink: inout Sink, _ output: Output
    ) throws(InspectionError) -> [Finding] {
        switch self {
        case .snapshot(let file): return try file.read(into: &sink, output).findings()
        case .directory:
            let (tree, findings) = try load(output)
            do throws(DecodeError) {
                try tree?.feed(into: &sink)
            } catch {
                preconditionFailure("a tree in memory was not accepted: \(error)")
            }
            return findings
        }
    }

    /// As a tree; nil where there is none to be had, with the reason among the findings.
    func load(_ output: Output) throws(InspectionError) -> (DataTree?, [Finding]) {
        switch self {
        case .snapshot(let file):
            var sink = LoadingSink()
            let found = try file.read(into: &sink, output)
            return (sink.finish(file.name?.zxid ?? .zero), found.findings())
        case .directory(let disk, let path, let place):
            do throws(LoadedTree.Failure) {
                let loaded = try LoadedTree(disk, path, place, output)
                return (loaded.tree, loaded.findings)
            } catch {
                switch error {
                case .unusable(let error): throw error
                case .refused(let finding): return (nil, [finding])
                }
            }
        }
    }
}
