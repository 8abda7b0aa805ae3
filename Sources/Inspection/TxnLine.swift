// A transaction in words and numbers: a line of text, or an object in JSON, both from one
// description of what it says.
import ZKWire

struct TxnLine {
    private let output: Output
    private var writer: LineWriter
    /// In the form of the output.
    private var file: [UInt8] = []
    private var names: [Int32: [UInt8]] = [:]
    private var errorNames: [Int32: [UInt8]] = [:]
    /// Most znodes have the list of the one before: as it was encoded, and as it is written.
    private var acl: (encoded: [UInt8], text: [UInt8]) = ([], [])

    init(_ output: Output) {
        self.output = output
        writer = output.writer
    }

    /// - Parameter path: of the file that the next transactions are from.
    mutating func begin(file path: String) {
        file = Array(JSONValue.string(path).text.utf8)
    }

    mutating func write(_ header: TxnHeader, _ record: ByteView, at offset: Int64) {
        if output.isJSON {
            writeObject(header, record, at: offset)
        } else {
            writeText(header, record)
        }
    }

    // MARK: text

    static var heading: String {
        "ZXID".leftAligned(12) + " " + "TIME".leftAligned(24) + " " + "SESSION".leftAligned(18)
            + " " + "CXID".rightAligned(6) + "  OPERATION"
    }

    private mutating func writeText(_ header: TxnHeader, _ record: ByteView) {
        var start = writer.position
        writer.hex(header.zxid.rawValue)
        writer.pad(from: start, to: 12)
        writer.put(" ")
        start = writer.position
        writer.time(milliseconds: header.time)
        writer.pad(from: start, to: 24)
        writer.put(" ")
        start = writer.position
        writer.hex(header.session.rawValue)
        writer.pad(from: start, to: 18)
        writer.put(" ")
        writer.decimal(header.cxid, width: 6)
        writer.put("  ")
        let multi = operation(header.type, record)
        output.endLine()
        // Its parts were walked when it was decoded.
        try? multi?.forEach { (type, part) throws(DecodeError) in
            writer.spaces(67)
            _ = operation(type, part)
            output.endLine()
        }
    }

    // MARK: JSON

    private mutating func writeObject(
        _ header: TxnHeader, _ record: ByteView, at offset: Int64
    ) {
        writer.put("{\"type\":\"txn\",\"zxid\":\"")
        writer.hex(header.zxid.rawValue)
        writer.put("\",\"time\":\"")
        writer.time(milliseconds: header.time)
        writer.put("\",\"timeMs\":")
        writer.decimal(header.time)
        writer.put(",\"session\":\"")
        writer.hex(header.session.rawValue)
        writer.put("\",\"cxid\":")
        writer.decimal(header.cxid)
        writer.put(",")
        members(header.type, record)
        writer.put(",\"file\":")
        writer.put(file)
        writer.put(",\"offset\":")
        writer.decimal(offset)
        writer.put("}")
        output.endLine()
    }

    private mutating func members(_ type: Int32, _ record: ByteView) {
        guard let multi = operation(type, record), multi.count > 0 else { return }
        writer.put(",\"parts\":[")
        var isFirst = true
        try? multi.forEach { (type, part) throws(DecodeError) in
            writer.put(isFirst ? "{" : ",{")
            isFirst = false
            members(type, part)
            writer.put("}")
        }
        writer.put("]")
    }

    // MARK: what a transaction says

    /// Its kind, path and fields. Returns the multi, if it is one, for its parts.
    private mutating func operation(_ type: Int32, _ record: ByteView) -> MultiTxn? {
        name(of: type)
        var reader = JuteReader(record)
        do throws(DecodeError) {
            let txn = try reader.readTxn(type: type)
            let multi = try describe(txn)
            if let digest = try? reader.readTxnDigest() {
                key("digest")
                quotes()
                writer.hex(digest.treeDigest)
                quotes()
            }
            return multi
        } catch {
            key("undecodable")
            string(text: "\(error)")
            return nil
        }
    }

    private mutating func describe(_ txn: Txn) throws(DecodeError) -> MultiTxn? {
        switch txn {
        case .create(let create): describe(create)
        case .delete(let path): self.path(path)
        case .setData(let path, let data, let version):
            self.path(path)
            size(data)
            number("version", version)
        case .setACL(let path, let acl, let version):
            self.path(path)
            list(acl)
            number("version", version)
        case .check(let path, let version):
            self.path(path)
            number("version", version)
        case .createSession(let timeout): number("timeoutMs", timeout)
        case .closeSession(let paths):
            if let paths { try deletes(paths) }
        case .error(let code): error(code)
        case .multi(let multi):
            key("failed")
            writer.put(try multi.isFailed ? "true" : "false")
            return multi
        }
        return nil
    }

    private mutating func describe(_ create: CreateTxn) {
        path(create.path)
        switch create.kind {
        case .persistent: word("kind", "persistent")
        case .ephemeral: word("kind", "ephemeral")
        case .container: word("kind", "container")
        case .ttl(let milliseconds):
            word("kind", "ttl")
            number("ttlMs", milliseconds)
        }
        size(create.data)
        list(create.acl)
        number("parentCversion", create.parentCVersion)
    }

    private mutating func deletes(_ paths: StringVector) throws(DecodeError) {
        key("deletes")
        writer.put("[")
        var isFirst = true
        try paths.forEach { path in
            if !isFirst { writer.put(output.isJSON ? "," : " ") }
            isFirst = false
            string(path)
        }
        writer.put("]")
    }

    private mutating func error(_ code: Int32) {
        number("code", code)
        if errorNames[code] == nil {
            errorNames[code] = ErrorCode(rawValue: code).map { Array("\($0)".utf8) } ?? []
        }
        guard let name = errorNames[code], !name.isEmpty else { return }
        key("error")
        quotes()
        writer.put(name)
        quotes()
    }
}

// MARK: the two forms of a field

extension TxnLine {
    /// `create`, `setData`, `multi`, ...
    private mutating func name(of type: Int32) {
        let isJSON = output.isJSON
        if names[type] == nil {
            let name = OpCode(rawValue: type).map { "\($0)" } ?? "type\(type)"
            names[type] = Array(
                (isJSON ? "\"op\":" + JSONValue.string(name).text : name.leftAligned(15)).utf8)
        }
        if let text = names[type] { writer.put(text) }
    }

    private func path(_ path: ByteView) {
        writer.put(output.isJSON ? ",\"path\":" : " ")
        string(path)
    }

    private func key(_ key: StaticString) {
        writer.put(output.isJSON ? ",\"" : " ")
        writer.put(key)
        writer.put(output.isJSON ? "\":" : "=")
    }

    private func quotes() { if output.isJSON { writer.put("\"") } }

    private func string(_ bytes: ByteView) {
        if output.isJSON { writer.quoted(bytes) } else { writer.printable(bytes) }
    }

    private func string(text: String) { text.withByteView { string($0) } }

    /// - Parameter value: nothing that JSON would change.
    private func word(_ name: StaticString, _ value: StaticString) {
        key(name)
        quotes()
        writer.put(value)
        quotes()
    }

    private func number(_ name: StaticString, _ value: some BinaryInteger) {
        key(name)
        writer.decimal(value)
    }

    private func size(_ data: ByteView?) {
        key("dataBytes")
        if let data { writer.decimal(data.count) } else { writer.put("null") }
    }

    private mutating func list(_ encoded: ByteView) {
        let isSame = acl.encoded.withByteView { $0.isEqual(to: encoded) }
        if !isSame || acl.text.isEmpty {
            let text = aclText(encoded: encoded)
            acl = (
                [UInt8](encoded),
                Array((output.isJSON ? JSONValue.string(text).text : printable(text)).utf8)
            )
        }
        key("acl")
        writer.put(acl.text)
    }
}
