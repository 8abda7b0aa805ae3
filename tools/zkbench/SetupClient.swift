// What a run needs to exist before it begins, made through one connection that waits.
import ZKWire

/// A session for the set-up.
struct SetupClient {
    private let socket: Socket
    /// Requests sent before their replies are read: enough to share the server's syncs.
    private static let batchSize = 200

    init(_ server: ServerAddress) throws(BenchError) {
        socket = try Socket.connected(to: server, timeoutSeconds: 60)
        try Session.open(socket, server: server, timeoutMilliseconds: 30000)
    }

    /// Creates the znodes that do not exist.
    /// - Returns: the paths that existed.
    @discardableResult
    func create(_ paths: [String], value: [UInt8] = []) throws(BenchError) -> [String] {
        var existing: [String] = []
        let codes = try run(paths) { path, output in
            output.writeInt32(OpCode.create.rawValue)
            output.writeString(path)
            output.writeBuffer(value)
            CreateEncoder.writeOpenACL(output)
            output.writeInt32(0)
        }
        for (path, code) in zip(paths, codes) where code != 0 {
            guard code == ErrorCode.nodeExists.rawValue else {
                throw BenchError("create \(path): error \(code)")
            }
            existing.append(path)
        }
        return existing
    }

    /// Creates the znodes of `keys`, and gives those that exist their value.
    func create(_ keys: KeySpace, root: String) throws(BenchError) {
        try create(Self.ancestors(of: root))
        let existing = try create(keys.ownPaths, value: keys.value)
        let codes = try run(existing) { path, output in
            output.writeInt32(OpCode.setData.rawValue)
            output.writeString(path)
            output.writeBuffer(keys.value)
            output.writeInt32(-1)
        }
        for (path, code) in zip(existing, codes) where code != 0 {
            throw BenchError("set \(path): error \(code)")
        }
    }

    func close() throws(BenchError) {
        let output = ByteWriter()
        Session.appendClose(to: output, xid: 0)
        try socket.transmitAll(output.view)
        _ = try? Session.receiveFrame(socket)
    }

    /// `/a/b/c` as `/a`, `/a/b`, `/a/b/c`.
    static func ancestors(of path: String) -> [String] {
        let names = path.split(separator: "/")
        return names.indices.map { "/" + names[...$0].joined(separator: "/") }
    }

    /// One request for each of `subjects`; returns their error codes.
    private func run(
        _ subjects: [String], encode: (String, ByteWriter) -> Void
    ) throws(BenchError) -> [Int32] {
        var codes: [Int32] = []
        for first in stride(from: 0, to: subjects.count, by: Self.batchSize) {
            let batch = subjects[first..<min(first + Self.batchSize, subjects.count)]
            let output = ByteWriter()
            for (index, subject) in batch.enumerated() {
                let start = output.count
                output.writeInt32(0)
                output.writeInt32(Int32(index))
                encode(subject, output)
                output.setInt32(Int32(output.count - start - 4), at: start)
            }
            try socket.transmitAll(output.view)
            for _ in batch { codes.append(try receiveErrorCode()) }
        }
        return codes
    }

    private func receiveErrorCode() throws(BenchError) -> Int32 {
        let reply = try Session.receiveFrame(socket)
        guard reply.count >= 16 else { throw BenchError("a reply of \(reply.count) bytes") }
        return reply.withByteView {
            Int32(bigEndian: $0.loadUnaligned(fromByteOffset: 12, as: Int32.self))
        }
    }
}
