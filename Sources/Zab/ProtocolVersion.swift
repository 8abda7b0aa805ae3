/// What the two sides of a link tell each other in LearnerInfo and LEADERINFO.
enum ProtocolVersion {
    /// Zab 1.0, which every Apache server since 3.4 speaks.
    static let apache: Int32 = 0x10000
    /// The same packets; ACK and COMMIT speak of everything up to their zxid, and everything that
    /// came before NEWLEADER is durable when that is acknowledged.
    static let own: Int32 = 0x10001
}
