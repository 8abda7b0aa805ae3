// Constants of the election port (Apache `QuorumCnxManager`, `FastLeaderElection`).

package enum ElectionFormat {
    /// The longest list of addresses that Apache takes in an initial message.
    package static let maximumAddressBytes = 2048
    /// The longest message that Apache takes.
    package static let maximumMessageBytes = 512 * 1024

    /// The version of the notifications that we, and Apache since 3.5, send.
    package static let notificationVersion: Int32 = 2
    /// The first version with the membership in it.
    static let firstVersionWithMembership: Int32 = 2
    /// Before the epoch of the proposed leader was part of it.
    static let sizeWithoutPeerEpoch = 28
    /// From 3.4.6 its last four bytes are a version; before, they were zero.
    static let sizeWithoutMembership = 40
}
