import Crypto
import ZKWire

/// Which hash the `digest` scheme uses (`zookeeper.DigestAuthenticationProvider.digestAlg`).
package enum DigestAlgorithm: String, Sendable, CaseIterable {
    case sha1 = "SHA1"
    case sha256 = "SHA-256"
    case sha384 = "SHA-384"
    case sha512 = "SHA-512"
}

/// `user:password` proves an identity `user:base64(hash(user:password))`
/// (Apache `DigestAuthenticationProvider`).
package enum DigestScheme {
    package static func identity(credential: ByteView, algorithm: DigestAlgorithm) -> String {
        let user = credential.firstIndex(of: UInt8(ascii: ":")).map { credential[view: 0..<$0] }
        return (user ?? credential).text + ":" + base64(hash(credential, algorithm))
    }

    /// The id of an ACL: two parts around one colon. Colons at the end do not count: Apache splits
    /// with Java's `split`, which drops empty parts there.
    package static func isValid(id: String) -> Bool {
        var parts = id.split(separator: ":", omittingEmptySubsequences: false)
        while parts.last?.isEmpty == true { parts.removeLast() }
        return parts.count == 2
    }

    private static func hash(_ bytes: ByteView, _ algorithm: DigestAlgorithm) -> [UInt8] {
        switch algorithm {
        case .sha1: Array(Insecure.SHA1.hash(data: bytes))
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha384: Array(SHA384.hash(data: bytes))
        case .sha512: Array(SHA512.hash(data: bytes))
        }
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Base64 with padding, without Foundation: the core links nothing that has a clock or files.
    static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word = 0
            for place in 0..<3 {
                word = word << 8 | (start + place < bytes.count ? Int(bytes[start + place]) : 0)
            }
            for place in 0..<4 {
                let sextet = word >> (18 - 6 * place) & 0x3F
                text.append(place <= group.count ? alphabet[sextet] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
