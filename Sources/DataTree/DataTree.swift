import ZKWire

/// The hierarchy of znodes, with the sessions and access control lists that belong to it: what the
/// transactions so far amount to (Apache `DataTree`).
///
/// Invariants:
/// 1. Every path is in the index once, under its hash; the root is not in it.
/// 2. A znode is in its parent's list of children, which `childCount` counts.
/// 3. A znode that is ephemeral, a container or has a TTL is in its owner's list.
/// 4. The table's `uses` of an access control list are the znodes that have it.
/// 5. The digest, where it is kept, is the sum of what the znodes add to it.
///
/// It reads no clock and draws no random number: the same calls give the same tree, down to the
/// order of children.
///
/// A class for the identity of its memory; it belongs to one thread at a time.
package final class DataTree {
    var store = NodeStore()
    var index = PathIndex()
    var acls: ACLTable
    let hasher: PathHasher

    package internal(set) var sessions = SessionTable()
    /// Znodes owned by each session that has any.
    var ephemerals: [SessionID: OwnerList] = [:]
    var containers = OwnerList()
    var ttls = OwnerList()
    var quotas: QuotaTable
    var digest = TreeDigest()
    /// The walks under way, which a deletion must not leave behind.
    var walks: [SnapshotWalk] = []

    /// The last transaction that was applied as a whole.
    package internal(set) var lastProcessedZxid = Zxid.zero
    package internal(set) var ephemeralsCount = 0
    /// Bytes of all paths and all data, with "/" counted as one byte (Apache
    /// `cachedApproximateDataSize`, which counts UTF-16 units of the paths).
    package internal(set) var approximateDataSize = 1

    /// For the simulator only, as is `midway`.
    package var defects: KnownDefects = []
    /// With a defect that has a snapshot begin within a transaction: where it may.
    package var midway: (() -> Void)?

    /// Where a path is put together that no transaction spelled out.
    let pathScratch = ByteWriter(capacity: 256)

    /// The tree of a server that never ran: the root, `/zookeeper` and its two children.
    /// - Parameter seed: of the path hash.
    package convenience init(seed: UInt64 = 0) {
        self.init(rootOnly: seed)
        let system = addSystemNode(named: "zookeeper", below: .root, path: SystemPath.system)
        _ = addSystemNode(named: "quota", below: system, path: SystemPath.quota)
        addConfigurationNode(below: system)
    }

    /// The root and nothing else, for a loader to fill.
    init(rootOnly seed: UInt64) {
        hasher = PathHasher(seed: seed)
        acls = ACLTable(hasher: hasher)
        quotas = QuotaTable(hasher: hasher)
        let empty = ByteView(start: nil, count: 0)
        let block = NodeBlock.allocate(isExtended: true, name: empty, data: empty)
        block.initialize(stat: .zero, acl: .open, parent: .none)
        let root = store.add(block, hash: 0)
        precondition(root == .root)
        acls.retain(.open)
    }

    /// Znodes as Apache counts them, which has the root twice, as "" and as "/".
    package var nodeCount: Int { store.liveCount + 1 }

    /// How many znodes have an access control list that neither the snapshot nor the log since
    /// brought. Anything but 0 after the replay means that one of the two is incomplete.
    package var unresolvedACLCount: Int { acls[.unresolved].uses }
}

/// The znodes that the server itself keeps.
package enum SystemPath {
    package static let system = "/zookeeper"
    package static let quota = "/zookeeper/quota"
    package static let configuration = "/zookeeper/config"
}

extension DataTree {
    /// Apache gives its own znodes zeros for everything but the counts of children, and does not
    /// count these as created.
    private func addSystemNode(named name: String, below parent: NodeRef, path: String) -> NodeRef {
        path.withByteView { path in
            name.withByteView { name in
                insert(
                    path: path, name: name, below: parent, data: ByteView(start: nil, count: 0),
                    acl: .open, stat: .zero)
            }
        }
    }

    /// `/zookeeper/config` is readable by all and writable by none but a reconfiguration; setting
    /// that list with version -1 is how Apache arrives at an aversion of -1.
    private func addConfigurationNode(below system: NodeRef) {
        let config = addSystemNode(named: "config", below: system, path: SystemPath.configuration)
        let readable = ByteWriter()
        readable.writeACL(ACLEntry.readUnsafe)
        assign(acls.intern(readable.view), to: config)
        store.block(config).header.pointee.aversion = -1
    }

    /// Puts the ensemble's configuration into `/zookeeper/config`, which a server does when it
    /// starts, without a transaction (Apache `ZKDatabase.initConfigInZKDatabase`).
    /// - Parameters:
    ///   - version: of the configuration; becomes the mzxid.
    ///   - time: milliseconds since 1970; becomes the mtime.
    package func setConfiguration(_ data: ByteView, version: Zxid, time: Int64) {
        var config = SystemPath.configuration.withByteView { find($0) }
        if config == nil, let system = SystemPath.system.withByteView({ find($0) }) {
            addConfigurationNode(below: system)
            config = SystemPath.configuration.withByteView { find($0) }
        }
        guard let config else { return }
        approximateDataSize += data.count - store.block(config).dataLength
        store.setData(config, data)
        let header = store.block(config).header
        header.pointee.version = -1
        header.pointee.mzxid = version
        header.pointee.mtime = time
    }
}

extension StatPersisted {
    static let zero = StatPersisted(
        czxid: .zero, mzxid: .zero, ctime: 0, mtime: 0, version: 0, cversion: 0, aversion: 0,
        ephemeralOwner: 0, pzxid: .zero)
}
