import Snapshot
import ZKWire

/// A sink that prints a line for each znode.
struct NodePrinter: SnapshotSink {
    private let output: Output
    private let filter: NodeFilter
    /// The lists in words, by id.
    private var acls: [Int64: String] = [-1: aclText(ACLEntry.openUnsafe)]

    init(_ output: Output, _ filter: NodeFilter) {
        self.output = output
        self.filter = filter
    }

    func heading() {
        guard !output.isJSON else { return }
        let titles = columns(
            zxids: ["CZXID", "MZXID", "PZXID"], times: ["CTIME", "MTIME"],
            numbers: ["VER", "CVER", "AVER", "BYTES"], owner: "OWNER")
        output.line(output.tinted(titles + "PATH  ACL", .strong))
    }

    mutating func addSession(_ session: SessionID, timeoutMilliseconds: Int32) {}

    mutating func addACL(id: Int64, acl: ByteView) { acls[id] = aclText(encoded: acl) }

    mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: borrowing StatPersisted
    ) {
        guard filter.admits(path: path, stat: stat) else { return }
        let list = acls[acl] ?? "unresolved:\(acl)"
        let path = pathText(path)
        if output.isJSON {
            output.line(json(path, data?.count, list, copy stat))
        } else {
            output.line(text(path, data?.count, list, copy stat))
        }
    }

    private func text(
        _ path: String, _ size: Int?, _ acl: String, _ stat: StatPersisted
    ) -> String {
        columns(
            zxids: ["\(stat.czxid)", "\(stat.mzxid)", "\(stat.pzxid)"],
            times: [humanTime(milliseconds: stat.ctime), humanTime(milliseconds: stat.mtime)],
            numbers: [
                "\(stat.version)", "\(stat.cversion)", "\(stat.aversion)",
                size.map { "\($0)" } ?? "null",
            ], owner: ownerText(stat.ephemeralOwner)) + printable(path) + "  " + acl
    }

    private func columns(
        zxids: [String], times: [String], numbers: [String], owner: String
    ) -> String {
        let all =
            zxids.map { $0.leftAligned(12) } + times.map { $0.leftAligned(24) }
            + numbers.map { $0.rightAligned(5) } + [owner.leftAligned(18)]
        return all.joined(separator: " ") + " "
    }

    private func json(
        _ path: String, _ size: Int?, _ acl: String, _ stat: StatPersisted
    ) -> JSONValue {
        .object([
            "type": "znode", "path": .string(path),
            "dataBytes": size.map { .integer($0) } ?? .null, "acl": .string(acl),
            "czxid": .string("\(stat.czxid)"), "mzxid": .string("\(stat.mzxid)"),
            "pzxid": .string("\(stat.pzxid)"), "ctimeMs": .integer(stat.ctime),
            "mtimeMs": .integer(stat.mtime), "version": .integer(stat.version),
            "cversion": .integer(stat.cversion), "aversion": .integer(stat.aversion),
            "owner": .string(ownerText(stat.ephemeralOwner)),
        ])
    }
}
