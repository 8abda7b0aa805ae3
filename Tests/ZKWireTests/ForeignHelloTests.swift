import Testing
import ZKWire

/// What servers say first that are set to TLS or SASL, or speak another version.
struct ForeignHelloTests {
    /// The beginning of a ClientHello of TLS 1.2 or 1.3.
    private static let clientHello: [UInt8] = [
        0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0x5a, 0x11, 0x22, 0x33, 0x44,
        0x55, 0x66, 0x77, 0x88,
    ]
    /// The record with which a TLS server refuses what is no TLS.
    private static let alert: [UInt8] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x32]

    /// Apache's `QuorumAuthPacket`: magic number, status IN_PROGRESS, token.
    private static let sasl: [UInt8] = encoded {
        $0.writeInt64(0x5f24_3501_3501_edcc)
        $0.writeInt32(0)
        $0.writeBuffer([1, 2, 3, 4])
    }

    private func quorum(_ bytes: [UInt8], pieceSize: Int) -> String {
        var decoder = QuorumPacketDecoder()
        return refusal(bytes, pieceSize) { (input) throws(DecodeError) in
            while try decoder.next(&input) != nil {}
        }
    }

    private func election(_ bytes: [UInt8], isAccepted: Bool, pieceSize: Int) -> String {
        var decoder = ElectionStreamDecoder(expectsInitialMessage: isAccepted)
        return refusal(bytes, pieceSize) { (input) throws(DecodeError) in
            while try decoder.next(&input) != nil {}
        }
    }

    /// What is said of the bytes, sent in pieces; empty if nothing is.
    private func refusal(
        _ bytes: [UInt8], _ pieceSize: Int, _ take: (inout ByteView) throws(DecodeError) -> Void
    ) -> String {
        for start in stride(from: 0, to: bytes.count, by: pieceSize) {
            let piece = Array(bytes[start..<min(start + pieceSize, bytes.count)])
            var said = ""
            piece.withByteView { view in
                var input = view
                do throws(DecodeError) { try take(&input) } catch {
                    guard case .foreign = error.reason else { return }
                    said = "\(error)"
                }
            }
            if !said.isEmpty { return said }
        }
        return ""
    }

    private func check(_ said: String, _ parts: String...) {
        for part in parts + ["migrating-from-apache.md"] {
            #expect(said.contains(part), "\(said)")
        }
        #expect(!said.contains("\n"))
    }

    @Test("TLS and SASL on the quorum port are named, however the bytes come")
    func quorumPort() {
        for pieceSize in [1, 3, 100] {
            check(
                quorum(Self.clientHello, pieceSize: pieceSize), "TLS (record version 3.1)",
                "sslQuorum=false", "version 0x10000")
            check(
                quorum(Self.sasl, pieceSize: pieceSize), "SASL", "quorum.auth.enableSasl=false",
                "version 0x10000")
        }
    }

    @Test("TLS and SASL on the election port are named, on both sides of a connection")
    func electionPort() {
        for pieceSize in [1, 3, 100] {
            check(
                election(Self.clientHello, isAccepted: true, pieceSize: pieceSize),
                "TLS (record version 3.1)", "sslQuorum=false", "version -65536")
            check(
                election(Self.alert, isAccepted: false, pieceSize: pieceSize),
                "TLS (record version 3.3)")
            let hello = encoded {
                $0.writeElectionInitialMessage(
                    ElectionInitialMessage(
                        server: ServerID(rawValue: 2),
                        addresses: [ElectionAddress(host: "127.0.0.1", port: 3888)]))
            }
            check(
                election(hello + Self.sasl, isAccepted: true, pieceSize: pieceSize), "SASL",
                "quorum.auth.enableSasl=false")
        }
    }

    @Test("An initial message of a later version is refused with both versions")
    func laterVersion() {
        let hello = encoded {
            $0.writeInt64(-65534)
            $0.writeInt64(2)
            $0.writeString("127.0.0.1:3888")
        }
        check(election(hello, isAccepted: true, pieceSize: 5), "version -65534", "-65536", "-65535")
    }

    @Test("Nothing that Apache sends is taken for something else")
    func apache() throws {
        for folder in ["quorum", "election"] {
            for name in try Fixture.names(folder, "") {
                let hello = try Fixture.bytes(name).withByteView { ForeignHello($0) }
                #expect(hello == nil, "\(name)")
            }
        }
    }
}
