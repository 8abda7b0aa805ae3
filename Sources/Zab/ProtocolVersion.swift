import ZKWire

/// What the two sides of a link tell each other in LearnerInfo and LEADERINFO.
enum ProtocolVersion {
    /// Zab 1.0, which every Apache server since 3.4 speaks.
    static let apache: Int32 = 0x10000
    /// The same packets; ACK and COMMIT speak of everything up to their zxid, and everything that
    /// came before NEWLEADER is durable when that is acknowledged.
    static let own: Int32 = 0x10001

    /// A server that says something else: what it says, what this server speaks, and the remedy.
    static func refusal(_ server: String, says what: String) -> LinkCloseReason {
        .incompatible(
            """
            \(server) says \(what); this server speaks versions \(hex(apache)) (Apache ZooKeeper \
            3.5 and later) and \(hex(own)) of the quorum protocol. Bring that server to Apache \
            ZooKeeper 3.8 or later, or to this server's release: \
            docs/operating/migrating-from-apache.md#versions
            """)
    }

    /// It says its version.
    static func refusal(_ server: ServerID, _ version: Int32) -> LinkCloseReason {
        refusal("server \(server)", says: "that it speaks version \(hex(version))")
    }

    /// It sends what no version that this server knows has.
    static func refusal(_ server: String, packet type: Int32) -> LinkCloseReason {
        refusal(server, says: "a packet of type \(type), which no version known here has")
    }

    private static func hex(_ version: Int32) -> String {
        "0x" + String(UInt32(bitPattern: version), radix: 16)
    }
}
