import ServerCore
import ZKWire

/// The tree as a reader of the documentation would write it: a dictionary of paths. A value, so that
/// the state after each transaction can be kept.
struct ModelTree {
    struct Node {
        var data: [UInt8]
        /// As `ephemeralOwner` keeps it.
        var owner: Int64
        var version: Int32 = 0
        /// Children created.
        var cversion: Int32 = 0
        var aversion: Int32 = 0
        var czxid: Zxid
        var mzxid: Zxid
        var pzxid: Zxid
        var ctime: Int64
        var mtime: Int64
        var children: Set<String> = []

        /// As clients see it.
        var stat: Stat {
            let count = Int32(children.count)
            var isSession = false
            if case .ephemeral = NodeKind(ephemeralOwner: owner) { isSession = true }
            return Stat(
                czxid: czxid, mzxid: mzxid, ctime: ctime, mtime: mtime, version: version,
                cversion: 2 * cversion - count, aversion: aversion,
                ephemeralOwner: isSession ? owner : 0, dataLength: Int32(data.count),
                numChildren: count, pzxid: pzxid)
        }
    }

    /// What a transaction did, in order, as far as watches hear of it.
    enum Change {
        case created(String)
        case deleted(String)
        case dataChanged(String)
    }

    /// Who did it and when.
    struct Stamp {
        var session: SessionID
        var zxid: Zxid
        var time: Int64
    }

    private(set) var nodes: [String: Node] = [:]
    private(set) var changes: [Change] = []

    init() {
        let zero = Zxid.zero
        nodes["/"] = Node(
            data: [], owner: 0, czxid: zero, mzxid: zero, pzxid: zero, ctime: 0, mtime: 0,
            children: ["zookeeper"])
    }

    func ephemerals(of session: SessionID) -> Set<String> {
        Set(nodes.filter { $0.value.owner == session.rawValue }.keys)
    }

    /// Executes a write as one transaction; nothing of it stays if it fails.
    /// - Returns: the body of the reply.
    mutating func execute(
        _ operation: RandomOperation, _ stamp: Stamp
    ) -> Result<[UInt8], ErrorCode> {
        changes = []
        let body = ByteWriter()
        if case .multi(let parts) = operation {
            executeMulti(parts, stamp, body)
            return .success(body.bytes)
        }
        do throws(ErrorCode) {
            try executePart(operation, stamp, body)
            return .success(body.bytes)
        } catch {
            return .failure(error)
        }
    }

    private mutating func executeMulti(
        _ parts: [RandomOperation], _ stamp: Stamp, _ body: ByteWriter
    ) {
        let before = self
        for (place, part) in parts.enumerated() {
            let header = body.count
            // Clients know results of create and create2 only.
            let shown = part.type == .createContainer ? OpCode.create2 : part.type
            body.writeMultiHeader(type: shown.rawValue, isDone: false, error: 0)
            do throws(ErrorCode) {
                try executePart(part, stamp, body)
            } catch {
                body.truncate(to: header)
                self = before
                changes = []
                body.removeAll()
                for other in parts.indices {
                    let code: ErrorCode =
                        other < place ? .ok : other == place ? error : .runtimeInconsistency
                    body.writeMultiHeader(type: -1, isDone: false, error: code.rawValue)
                    body.writeInt32(code.rawValue)
                }
                break
            }
        }
        body.writeMultiHeader(type: -1, isDone: true, error: -1)
    }

    private mutating func executePart(
        _ operation: RandomOperation, _ stamp: Stamp, _ body: ByteWriter
    ) throws(ErrorCode) {
        switch operation {
        case .create(let path, let data, let mode, let withStat):
            let owner = mode.isEphemeral ? stamp.session.rawValue : 0
            try create(path, data, mode, owner: owner, stamp, body, withStat: withStat)
        case .createContainer(let path):
            let owner = NodeKind.container.ephemeralOwner
            try create(path, [], .container, owner: owner, stamp, body, withStat: true)
        case .delete(let path, let version):
            guard nodes[ModelTree.parent(path)] != nil, let node = nodes[path] else { throw .noNode }
            guard version == -1 || version == node.version else { throw .badVersion }
            guard node.children.isEmpty else { throw .notEmpty }
            remove(path, stamp)
        case .setData(let path, let data, let version):
            guard var node = nodes[path] else { throw .noNode }
            guard version == -1 || version == node.version else { throw .badVersion }
            node.version += 1
            node.data = data
            node.mzxid = stamp.zxid
            node.mtime = stamp.time
            nodes[path] = node
            changes.append(.dataChanged(path))
            body.writeStat(node.stat)
        case .setACL(let path, let version):
            guard var node = nodes[path] else { throw .noNode }
            guard version == -1 || version == node.aversion else { throw .badVersion }
            node.aversion += 1
            nodes[path] = node
            body.writeStat(node.stat)
        case .check(let path, let version):
            guard let node = nodes[path] else { throw .noNode }
            guard version == -1 || version == node.version else { throw .badVersion }
        case .multi, .closeSession, .getData, .exists, .getChildren, .addWatch, .setWatches, .ping:
            preconditionFailure("\(operation) is no write of its own")
        }
    }

    private mutating func create(
        _ asked: String, _ data: [UInt8], _ mode: CreateMode, owner: Int64, _ stamp: Stamp,
        _ body: ByteWriter, withStat: Bool
    ) throws(ErrorCode) {
        let parentPath = ModelTree.parent(asked)
        guard var parent = nodes[parentPath] else { throw .noNode }
        var path = asked
        if mode.isSequential {
            let digits = String(parent.cversion)
            path += String(repeating: "0", count: 10 - digits.count) + digits
        }
        guard nodes[path] == nil else { throw .nodeExists }
        if case .ephemeral = NodeKind(ephemeralOwner: parent.owner) {
            throw .noChildrenForEphemerals
        }
        parent.cversion += 1
        parent.pzxid = stamp.zxid
        parent.children.insert(ModelTree.name(path))
        nodes[parentPath] = parent
        let node = Node(
            data: data, owner: owner, czxid: stamp.zxid, mzxid: stamp.zxid, pzxid: stamp.zxid,
            ctime: stamp.time, mtime: stamp.time)
        nodes[path] = node
        changes.append(.created(path))
        body.writeString(path)
        if withStat { body.writeStat(node.stat) }
    }

    private mutating func remove(_ path: String, _ stamp: Stamp) {
        nodes[path] = nil
        nodes[ModelTree.parent(path)]?.children.remove(ModelTree.name(path))
        nodes[ModelTree.parent(path)]?.pzxid = stamp.zxid
        changes.append(.deleted(path))
    }

    /// Ends a session.
    /// - Parameter order: its ephemerals, in the order in which they go.
    mutating func close(_ stamp: Stamp, order: [String]) {
        changes = []
        for path in order { remove(path, stamp) }
    }

    static func parent(_ path: String) -> String {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    static func name(_ path: String) -> String {
        String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...])
    }
}
