import DataTree
import Snapshot
import Storage

extension SnapshotReader {
    /// Reads the file `name`, with all its checks, into a tree whose last transaction is the zxid
    /// in the name. For tools; a start goes through `Recovery`.
    ///
    /// - Parameters:
    ///   - seed: of the tree's path hash.
    ///   - keepsDigest: the tree is to have its digest.
    package func loadTree(
        _ name: SnapshotName, seed: UInt64, keepsDigest: Bool = false,
        progress: @escaping (Int64) -> Void = { _ in }
    ) throws(SnapshotError) -> (tree: DataTree, description: SnapshotDescription) {
        var sink = TreeSink(seed: seed, keepsDigest: keepsDigest)
        let description = try load(name, into: &sink, progress: progress)
        do throws(TreeLoadError) {
            return (try sink.finish(lastProcessedZxid: name.zxid), description)
        } catch {
            throw .refused(path: name.fileName, error.description)
        }
    }
}
