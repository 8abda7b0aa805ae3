// A transaction in words and numbers, made once for both forms of output.
import ZKWire

struct DecodedTxn {
    /// The kind, as the field has it: `create`, `setData`, `multi`, ...
    var name: String
    var path: String?
    /// What else it says, in a fixed order.
    var fields: [(key: String, value: JSONValue)] = []
    /// Of a multi.
    var parts: [DecodedTxn] = []

    /// Decodes the record whose header said `type`.
    init(type: Int32, record: ByteView) {
        var reader = JuteReader(record)
        do throws(DecodeError) {
            name = Self.name(of: type)
            try describe(reader.readTxn(type: type))
            if let digest = try? reader.readTxnDigest() {
                let value = UInt64(bitPattern: digest.treeDigest)
                add("digest", .string("0x" + String(value, radix: 16)))
            }
        } catch {
            add("undecodable", .string("\(error)"))
        }
    }

    private static func name(of type: Int32) -> String {
        OpCode(rawValue: type).map { "\($0)" } ?? "type\(type)"
    }

    private mutating func add(_ key: String, _ value: JSONValue) {
        fields.append((key, value))
    }

    private mutating func describe(_ txn: Txn) throws(DecodeError) {
        switch txn {
        case .create(let create): describe(create)
        case .delete(let path): self.path = path.text
        case .setData(let path, let data, let version):
            self.path = path.text
            add("dataBytes", Self.size(data))
            add("version", .integer(version))
        case .setACL(let path, let acl, let version):
            self.path = path.text
            add("acl", .string(aclText(encoded: acl)))
            add("version", .integer(version))
        case .check(let path, let version):
            self.path = path.text
            add("version", .integer(version))
        case .createSession(let timeout): add("timeoutMs", .integer(timeout))
        case .closeSession(let paths):
            guard let paths else { return }
            var deleted: [JSONValue] = []
            try paths.forEach { deleted.append(.string($0.text)) }
            add("deletes", .array(deleted))
        case .multi(let multi):
            add("failed", .boolean(try multi.isFailed))
            var parts: [DecodedTxn] = []
            try multi.forEach { (type, record) throws(DecodeError) in
                parts.append(DecodedTxn(type: type, record: record))
            }
            self.parts = parts
        case .error(let code):
            add("code", .integer(code))
            if let known = ErrorCode(rawValue: code) { add("error", .string("\(known)")) }
        }
    }

    private mutating func describe(_ create: CreateTxn) {
        path = create.path.text
        switch create.kind {
        case .persistent: add("kind", "persistent")
        case .ephemeral: add("kind", "ephemeral")
        case .container: add("kind", "container")
        case .ttl(let milliseconds):
            add("kind", "ttl")
            add("ttlMs", .integer(milliseconds))
        }
        add("dataBytes", Self.size(create.data))
        add("acl", .string(aclText(encoded: create.acl)))
        add("parentCversion", .integer(create.parentCVersion))
    }

    private static func size(_ data: ByteView?) -> JSONValue {
        data.map { .integer($0.count) } ?? .null
    }
}

extension DecodedTxn {
    /// `create /app kind=persistent dataBytes=5 ...`.
    var text: String {
        var text = name.leftAligned(15)
        if let path { text += " " + printable(path) }
        for (key, value) in fields { text += " \(key)=" + Self.text(value) }
        return text
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let words): printable(words)
        case .array(let values): "[" + values.map { text($0) }.joined(separator: " ") + "]"
        default: value.text
        }
    }

    /// The members of the JSON object, after those of the header.
    var members: [JSONValue.Member] {
        var members = [JSONValue.Member(key: "op", value: .string(name))]
        if let path { members.append(.init(key: "path", value: .string(path))) }
        for (key, value) in fields { members.append(.init(key: key, value: value)) }
        if !parts.isEmpty {
            members.append(
                .init(key: "parts", value: .array(parts.map { .object($0.members) })))
        }
        return members
    }
}
