import ZKWire

/// What a client does that does not read its replies.
enum SlowClientKind: Int, CaseIterable, Sendable {
    /// Gets of a value.
    case gets
    /// Lists of all the children that the run has made.
    case lists
    /// Gets that leave watches: the sets of the others then fire events at it.
    case watches
    /// The beginning of a request whose rest never comes.
    case brokenRequest
}

/// One such client: its requests, as far as its socket takes them.
struct SlowClient {
    private let socket: Socket
    private let kind: SlowClientKind
    private let requests: [RequestTemplate]
    private let output = ByteWriter()
    private var sentBytes = 0
    private var nextXid: Int32 = 1
    private(set) var isOpen = true
    /// Requests made so far, sent or waiting for the socket.
    var requestCount: Int { Int(nextXid) - 1 }

    /// What the client's side of the connection may hold, so that replies stay with the server.
    private static let receiveBufferBytes: Int32 = 4096

    init(
        to server: ServerAddress, _ kind: SlowClientKind, root: String, keys: [String],
        timeoutMilliseconds: Int32
    ) throws(BenchError) {
        socket = try Socket.connected(
            to: server, timeoutSeconds: 30, receiveBufferBytes: Self.receiveBufferBytes)
        self.kind = kind
        try Session.open(socket, server: server, timeoutMilliseconds: timeoutMilliseconds)
        socket.setNonBlocking()
        requests = Self.requests(kind, root: root, keys: keys)
        if kind == .brokenRequest {
            output.writeInt32(1000)
            output.writeInt32(nextXid)
        }
    }

    /// Makes requests up to this number in all, and sends what the socket takes.
    mutating func advance(to count: Int) {
        guard isOpen else { return }
        if !requests.isEmpty {
            while requestCount < count {
                requests[requestCount % requests.count].append(to: output, xid: nextXid)
                nextXid += 1
            }
        }
        while sentBytes < output.count {
            switch socket.transmit(output.view[view: sentBytes..<output.count]) {
            case .bytes(let count): sentBytes += count
            case .wouldBlock: return
            case .closed: isOpen = false
            }
            guard isOpen else { return }
        }
        output.removeAll()
        sentBytes = 0
    }

    private static func requests(
        _ kind: SlowClientKind, root: String, keys: [String]
    ) -> [RequestTemplate] {
        let read = { (operation: OpCode, path: String, watch: Bool) in
            RequestTemplate(operation) {
                $0.writeString(path)
                $0.writeBool(watch)
            }
        }
        switch kind {
        case .gets: return keys.map { read(.getData, $0, false) }
        case .lists: return [read(.getChildren, root, false)]
        case .watches: return keys.map { read(.getData, $0, true) }
        case .brokenRequest: return []
        }
    }
}
