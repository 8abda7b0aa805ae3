import ServerCore
import ZKWire

/// One connection of the random workload: what was sent by it and what came back.
final class RandomLink {
    struct Sent {
        var xid: Int32
        var operation: RandomOperation
        /// Its place among everything that was sent.
        var order: Int
    }

    let id: ConnectionID
    /// Known once the server has read the connect request.
    var session = SessionID.none
    var sent: [Sent] = []
    /// What came back, whole frames without their lengths.
    var frames: [[UInt8]] = []
    /// The last transaction that the server had applied when the link ended.
    var end: Zxid?
    /// Whether the client itself hung up.
    var isAbandoned = false

    init(id: ConnectionID) { self.id = id }
}

/// A client with a session, over the connections that it had.
final class RandomClient {
    let timeoutMilliseconds: Int32
    var links: [RandomLink] = []
    /// Milliseconds on the monotonic clock at which it last sent something.
    var lastSent: Int64 = 0
    private var xid: Int32 = 0

    init(timeoutMilliseconds: Int32) { self.timeoutMilliseconds = timeoutMilliseconds }

    var session: SessionID { links.first?.session ?? .none }
    var openLink: RandomLink? { links.last.flatMap { $0.end == nil ? $0 : nil } }

    func nextXid() -> Int32 {
        xid += 1
        return xid
    }
}
