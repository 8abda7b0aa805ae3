// The simulated directories: names now, names on the medium, and the changes between.

struct SimulatedNamespace {
    /// A change of a directory that is not durable yet; each survives a crash or does not, alone.
    enum Change {
        case link(path: String, inode: Int)
        case unlink(path: String, inode: Int)
        case rename(from: String, to: String, inode: Int)
        case makeDirectory(String)
        case removeDirectory(String)

        var directory: String {
            switch self {
            case .link(let path, _), .unlink(let path, _): parentDirectory(of: path)
            case .rename(_, let path, _): parentDirectory(of: path)
            case .makeDirectory(let path), .removeDirectory(let path):
                parentDirectory(of: path)
            }
        }
    }

    struct Names {
        var files: [String: Int] = [:]
        var directories: Set<String> = []

        mutating func apply(_ change: Change) {
            switch change {
            case .link(let path, let inode): files[path] = inode
            case .unlink(let path, let inode):
                if files[path] == inode { files[path] = nil }
            case .rename(let path, let newPath, let inode):
                if files[path] == inode { files[path] = nil }
                files[newPath] = inode
            case .makeDirectory(let path): directories.insert(path)
            case .removeDirectory(let path): directories.remove(path)
            }
        }
    }

    private(set) var current = Names()
    private(set) var durable = Names()
    /// In the order in which they were made.
    private(set) var unsynced: [Change] = []

    mutating func make(_ change: Change) {
        current.apply(change)
        unsynced.append(change)
    }

    mutating func sync(_ directory: String) {
        for change in unsynced where change.directory == directory { durable.apply(change) }
        unsynced.removeAll { $0.directory == directory }
    }

    func isDirectory(_ path: String) -> Bool {
        current.directories.contains(path) || path == "." || path == "/"
    }

    func isEmpty(_ directory: String) -> Bool {
        !current.files.keys.contains { parentDirectory(of: $0) == directory }
            && !current.directories.contains { parentDirectory(of: $0) == directory }
    }

    /// The names as one crash leaves them; `choose` is asked once for each unsynced change.
    func crashed(_ choose: () -> Int) -> SimulatedNamespace {
        var result = SimulatedNamespace()
        result.durable = durable
        for change in unsynced where choose() == 1 { result.durable.apply(change) }
        result.current = result.durable
        return result
    }
}

func parentDirectory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
