/// What kind of watch a request names (Apache `Watcher.WatcherType`), for checkWatches and
/// removeWatches.
package enum WatcherType: Int32, Sendable {
    case children = 1
    case data = 2
    case any = 3
    case persistent = 4
    case persistentRecursive = 5
}

/// The watches of one connection on one path. Apache keeps two tables, one for events of a znode
/// and one for changes of its children, with a set of modes each; a recursive watch is in the first
/// only, which is why it hears nothing of `nodeChildrenChanged`.
struct WatchModes: OptionSet {
    let rawValue: UInt8

    /// Set by getData and exists; gone once it fired.
    static let dataOnce = WatchModes(rawValue: 1)
    static let dataPersistent = WatchModes(rawValue: 2)
    /// Also fires for everything below the path.
    static let recursive = WatchModes(rawValue: 4)
    /// Set by getChildren; gone once it fired.
    static let childOnce = WatchModes(rawValue: 8)
    static let childPersistent = WatchModes(rawValue: 16)

    static let data: WatchModes = [.dataOnce, .dataPersistent, .recursive]
    static let child: WatchModes = [.childOnce, .childPersistent]
    static let once: WatchModes = [.dataOnce, .childOnce]

    /// What the request's type stands for (Apache `DataTree.removeWatch`).
    static func of(_ type: WatcherType) -> WatchModes {
        switch type {
        case .children: .childOnce
        case .data: .dataOnce
        case .persistent: [.dataPersistent, .childPersistent]
        case .persistentRecursive: .recursive
        case .any: [.data, .child]
        }
    }
}
