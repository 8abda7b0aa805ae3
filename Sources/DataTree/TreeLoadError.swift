/// Why the records of a snapshot make no tree.
package enum TreeLoadError: Error, Equatable, CustomStringConvertible {
    /// A path that is not "" and not a parent's path, "/" and a name.
    case badPath(String)
    /// A znode came before its parent, or without it.
    case parentMissing(path: String)
    /// The stream ended before the root's record.
    case rootMissing
    /// An access control list that does not parse.
    case badACL(id: Int64)

    package var description: String {
        switch self {
        case .badPath(let path): "DataTree: \"\(path)\" in the snapshot is not a znode's path"
        case .parentMissing(let path):
            "DataTree: the snapshot has \(path) without its parent before it"
        case .rootMissing: "DataTree: the snapshot has no record of the root"
        case .badACL(let id):
            "DataTree: the snapshot's access control list \(id) does not parse"
        }
    }
}
