import ServerCore
import ZKWire

/// A request of the random workload.
indirect enum RandomOperation {
    case create(String, [UInt8], CreateMode, withStat: Bool)
    case createContainer(String)
    case delete(String, version: Int32)
    case setData(String, [UInt8], version: Int32)
    case setACL(String, version: Int32)
    case check(String, version: Int32)
    case multi([RandomOperation])
    case closeSession
    case getData(String, watch: Bool)
    case exists(String, watch: Bool)
    case getChildren(String, watch: Bool)
    case addWatch(String, recursive: Bool)
    case setWatches(since: Zxid, [(WatchKind, String)])
    case ping

    var type: OpCode {
        switch self {
        case .create(_, _, _, let withStat): withStat ? .create2 : .create
        case .createContainer: .createContainer
        case .delete: .delete
        case .setData: .setData
        case .setACL: .setACL
        case .check: .check
        case .multi: .multi
        case .closeSession: .closeSession
        case .getData: .getData
        case .exists: .exists
        case .getChildren: .getChildren2
        case .addWatch: .addWatch
        case .setWatches: .setWatches2
        case .ping: .ping
        }
    }

    var isWrite: Bool {
        switch self {
        case .create, .createContainer, .delete, .setData, .setACL, .check, .multi, .closeSession:
            true
        case .getData, .exists, .getChildren, .addWatch, .setWatches, .ping: false
        }
    }

    /// The body of the request.
    func encode(into writer: ByteWriter) {
        switch self {
        case .create(let path, let data, let mode, _): encodeCreate(path, data, mode, writer)
        case .createContainer(let path): encodeCreate(path, [], .container, writer)
        case .delete(let path, let version), .check(let path, let version):
            writer.writeString(path)
            writer.writeInt32(version)
        case .setData(let path, let data, let version):
            writer.writeString(path)
            writer.writeBuffer(data)
            writer.writeInt32(version)
        case .setACL(let path, let version):
            writer.writeString(path)
            writer.writeACL(ACLEntry.openUnsafe)
            writer.writeInt32(version)
        case .multi(let parts):
            for part in parts { writer.writePart(part.type) { part.encode(into: $0) } }
            writer.writeMultiEnd()
        case .closeSession, .ping: break
        case .getData(let path, let watch), .exists(let path, let watch),
            .getChildren(let path, let watch):
            writer.writeString(path)
            writer.writeBool(watch)
        case .addWatch(let path, let recursive):
            writer.writeString(path)
            writer.writeInt32(recursive ? 1 : 0)
        case .setWatches(let zxid, let watches): encodeSetWatches(zxid, watches, writer)
        }
    }

    private func encodeCreate(
        _ path: String, _ data: [UInt8], _ mode: CreateMode, _ writer: ByteWriter
    ) {
        writer.writeString(path)
        writer.writeBuffer(data)
        writer.writeACL(ACLEntry.openUnsafe)
        writer.writeInt32(mode.rawValue)
    }

    private func encodeSetWatches(
        _ zxid: Zxid, _ watches: [(WatchKind, String)], _ writer: ByteWriter
    ) {
        writer.writeInt64(zxid.rawValue)
        for kind in [WatchKind.data, .exist, .child, .persistent, .persistentRecursive] {
            let paths = watches.filter { $0.0 == kind }.map(\.1)
            writer.writeInt32(Int32(paths.count))
            for path in paths { writer.writeString(path) }
        }
    }
}
