/// The version of an ensemble's membership: the zxid of the reconfiguration that made it, 0 for the
/// one it was started with.
package struct ConfigurationVersion: RawRepresentable, Hashable, Comparable, Sendable,
    CustomStringConvertible
{
    package var rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package static func < (left: ConfigurationVersion, right: ConfigurationVersion) -> Bool {
        left.rawValue < right.rawValue
    }
    /// Hexadecimal without a prefix, as in the membership's text.
    package var hex: String { String(UInt64(bitPattern: rawValue), radix: 16) }
    package var description: String { hex }
}

/// What a learner says of itself in FOLLOWERINFO and OBSERVERINFO (jute `LearnerInfo`, 20 bytes).
package struct LearnerInfo: Equatable, Sendable {
    package var server: ServerID
    package var protocolVersion: Int32
    /// Of the membership in force at the learner; nil from learners of 3.4, which have none.
    package var configuration: ConfigurationVersion?

    /// What every Apache server since 3.4 speaks, on both sides (Zab 1.0).
    package static let apacheProtocolVersion: Int32 = 0x10000

    package init(
        server: ServerID, protocolVersion: Int32 = apacheProtocolVersion,
        configuration: ConfigurationVersion?
    ) {
        self.server = server
        self.protocolVersion = protocolVersion
        self.configuration = configuration
    }
}

extension JuteReader {
    /// What follows is left: a later version may say more.
    package mutating func readLearnerInfo() throws(DecodeError) -> LearnerInfo {
        LearnerInfo(
            server: ServerID(rawValue: try readInt64()), protocolVersion: try readInt32(),
            configuration: remaining >= 8
                ? ConfigurationVersion(rawValue: try readInt64()) : nil)
    }
}

extension ByteWriter {
    package func writeLearnerInfo(_ info: LearnerInfo) {
        writeInt64(info.server.rawValue)
        writeInt32(info.protocolVersion)
        if let configuration = info.configuration { writeInt64(configuration.rawValue) }
    }
}
