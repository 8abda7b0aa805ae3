/// Constants of the quorum port that are not limits.
package enum QuorumPacketFormat {
    /// The zxid of packets that are about none: UPTODATE, REQUEST, REVALIDATE.
    package static let noZxid = Zxid(rawValue: -1)
    /// The epoch in an ACKEPOCH of a learner that had accepted the leader's epoch before: it must
    /// not count as an acknowledgement.
    static let noEpoch: Int32 = -1
    /// In the second word of an ACKEPOCH of ours: a snapshot is asked for.
    static let wantsTree: Int32 = 1
    /// What follows a snapshot's stream, as a jute `ustring` (Apache `LearnerHandler`).
    package static let snapSignature = "BenWasHere"
}
