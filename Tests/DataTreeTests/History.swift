import DataTree
import ZKWire

/// Transactions as the log has them, encoded; each is decoded again for every tree it is applied
/// to.
struct History {
    struct Record {
        let header: TxnHeader
        let body: [UInt8]
    }

    private(set) var records: [Record] = []
    private var writer = ByteWriter()
    private(set) var zxid: Int64

    init(startingAfter zxid: Int64 = 0x1_0000_0000) { self.zxid = zxid }

    /// Adds a transaction whose record `encode` writes; a millisecond passes with each.
    @discardableResult
    mutating func add(
        _ op: OpCode, session: Int64 = 0, _ encode: (ByteWriter) -> Void
    ) -> Record {
        zxid += 1
        writer.removeAll()
        encode(writer)
        let header = TxnHeader(
            session: SessionID(rawValue: session), cxid: 7, zxid: Zxid(rawValue: zxid),
            time: History.time(of: zxid), type: op.rawValue)
        records.append(Record(header: header, body: writer.bytes))
        return records[records.count - 1]
    }

    /// The time that the transaction at `zxid` carries.
    static func time(of zxid: Int64) -> Int64 { 1_700_000_000_000 + (zxid & 0xFFFF_FFFF) }
}

extension DataTree {
    func apply<O: TreeObserver>(_ record: History.Record, observer: inout O) {
        record.body.withByteView { body in
            var reader = JuteReader(body)
            do {
                apply(
                    record.header, try reader.readTxn(type: record.header.type), observer: &observer
                )
            } catch {
                preconditionFailure("a test's transaction does not decode: \(error)")
            }
        }
    }

    func apply(_ record: History.Record) {
        var nobody = NoObserver()
        apply(record, observer: &nobody)
    }
}

/// A create transaction in strings, as tests write it.
struct TestCreate {
    var path: String
    var data: [UInt8]? = []
    var acl = ACLEntry.openUnsafe
    var kind = CreateTxn.Kind.persistent
    var parentCVersion: Int32

    var op: OpCode {
        switch kind {
        case .persistent, .ephemeral: .create2
        case .container: .createContainer
        case .ttl: .createTTL
        }
    }

    func encode(into writer: ByteWriter) {
        let list = ByteWriter()
        list.writeACL(acl)
        path.withByteView { path in
            (data ?? []).withByteView { bytes in
                writer.writeCreateTxn(
                    CreateTxn(
                        path: path, data: data == nil ? nil : bytes, acl: list.view, kind: kind,
                        parentCVersion: parentCVersion))
            }
        }
    }
}

extension ByteWriter {
    func writeDelete(_ path: String) { path.withByteView { writeDeleteTxn(path: $0) } }

    func writeSetData(_ path: String, _ data: [UInt8]?, version: Int32) {
        path.withByteView { path in
            (data ?? []).withByteView { bytes in
                writeSetDataTxn(path: path, data: data == nil ? nil : bytes, version: version)
            }
        }
    }

    func writeSetACL(_ path: String, _ acl: [ACLEntry], version: Int32) {
        let list = ByteWriter()
        list.writeACL(acl)
        path.withByteView { writeSetACLTxn(path: $0, acl: list.view, version: version) }
    }

    func writeCloseSession(_ paths: [String]?) {
        guard let paths else { return }
        writeInt32(Int32(paths.count))
        for path in paths { writeString(path) }
    }

    /// The parts of a multi.
    func writeMulti(_ parts: [(OpCode, (ByteWriter) -> Void)]) {
        writeInt32(Int32(parts.count))
        let record = ByteWriter()
        for (op, encode) in parts {
            record.removeAll()
            encode(record)
            writeInt32(op.rawValue)
            writeBuffer(record.view)
        }
    }
}

extension DataTree {
    func find(_ path: String) -> NodeRef? { path.withByteView { find($0) } }

    func stat(_ path: String) -> Stat? { find(path).map { stat(of: $0) } }

    func data(_ path: String) -> [UInt8]? {
        find(path).flatMap { data(of: $0) }.map { [UInt8]($0) }
    }

    func children(_ path: String) -> [String] {
        guard let ref = find(path) else { return [] }
        var names: [String] = []
        forEachChild(of: ref) { names.append($0.text) }
        return names.sorted()
    }

    func path(_ ref: NodeRef) -> String {
        let writer = ByteWriter()
        path(of: ref, into: writer)
        return writer.view.text
    }

    /// The count of creations that a create below `path` would state next.
    func nextCVersion(_ path: String) -> Int32 {
        (find(path).map { persistedStat(of: $0).cversion } ?? 0) + 1
    }
}

/// Writes down what it hears, one line each.
struct Transcript: TreeObserver {
    var lines: [String] = []

    mutating func nodeCreated(path: ByteView, acl: ACLID, parentACL: ACLID) {
        lines.append("created \(path.text)")
    }
    mutating func nodeDeleted(path: ByteView, acl: ACLID, parentACL: ACLID) {
        lines.append("deleted \(path.text)")
    }
    mutating func nodeDataChanged(path: ByteView, acl: ACLID) {
        lines.append("changed \(path.text)")
    }
    mutating func applied(type: Int32, path: ByteView, stat: Stat?, error: Int32) {
        let op = OpCode(rawValue: type).map { "\($0)" } ?? "\(type)"
        lines.append("\(op) \(path.text) error=\(error) version=\(stat?.version ?? -1)")
    }
}
