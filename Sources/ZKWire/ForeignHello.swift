// What another server of the ensemble says first where it is set to TLS or SASL between servers, or
// is too new or too old. None of it is spoken here: it is recognized so that the log can say what to
// do instead of naming a length that is out of range.

/// The beginning of a protocol that is not this port's.
package enum ForeignHello: Equatable, Sendable {
    /// A TLS record, by its version (0x0301 for 1.0 and in the hello of all later ones).
    case tls(version: UInt16)
    /// Apache's `QuorumAuthPacket`.
    case sasl

    /// The magic number of a `QuorumAuthPacket` (Apache `QuorumAuth.QUORUM_AUTH_MAGIC_NUMBER`).
    static let saslMagic: UInt64 = 0x5f24_3501_3501_edcc
    /// TLS's handshake and alert records.
    private static let tlsRecords: ClosedRange<UInt8> = 0x15...0x16
    private static let tlsMajorVersion: UInt8 = 3

    /// - Parameter bytes: the first four bytes, or more, of what should be a packet, an initial
    ///   message or a frame. None of those begins so: types and lengths are smaller, versions are
    ///   negative, and no server has such an id.
    package init?(_ bytes: ByteView) {
        guard bytes.count >= 4 else { return nil }
        if ForeignHello.tlsRecords.contains(bytes[0]), bytes[1] == ForeignHello.tlsMajorVersion {
            self = .tls(version: UInt16(bytes[1]) << 8 | UInt16(bytes[2]))
            return
        }
        // SAFETY: there are four bytes.
        let first = UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))
        guard first == UInt32(ForeignHello.saslMagic >> 32) else { return nil }
        self = .sasl
    }

    private var text: String {
        switch self {
        case .tls(let version):
            "TLS (record version \(version >> 8).\(version & 0xff)): it has sslQuorum=true"
        case .sasl: "SASL: it has quorum.auth.enableSasl=true"
        }
    }

    private var remedy: String {
        switch self {
        case .tls: "sslQuorum=false (portUnification=true does no harm)"
        case .sasl: "quorum.auth.enableSasl=false"
        }
    }

    /// Ends the connection with a sentence for the log.
    /// - Parameter own: what this port speaks.
    static func refuse(_ bytes: ByteView, own: String) throws(DecodeError) {
        guard let hello = ForeignHello(bytes) else { return }
        throw DecodeError(
            .foreign(
                """
                the other server speaks \(hello.text); this server speaks \(own), in clear and \
                without authentication. Set \(hello.remedy) there: \
                docs/operating/migrating-from-apache.md#versions
                """), offset: 0)
    }
}
