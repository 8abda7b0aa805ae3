import Testing
import ZKWire

/// The election port: what Apache ZooKeeper 3.8.0 says on it, and its streams cut anywhere.
struct ElectionTests {
    /// What a message says, as a line.
    private static func describe(_ item: ElectionStreamDecoder.Item) throws(DecodeError) -> String {
        switch item {
        case .initialMessage(let message):
            let version = message.version.map { "\($0)" } ?? "old"
            return "initial \(version) server \(message.server) \(message.addresses)"
        case .message(let bytes):
            let notification = try ElectionNotification(bytes)
            let membership = try MembershipText(notification.membership)
            return "\(notification.state) round \(notification.round) for \(notification.vote), "
                + "membership \(membership.version) of \(membership.servers.count)"
        }
    }

    private static func write(_ item: ElectionStreamDecoder.Item, into writer: ByteWriter) {
        switch item {
        case .initialMessage(let message): writer.writeElectionInitialMessage(message)
        case .message(let bytes):
            guard let notification = try? ElectionNotification(bytes) else { return }
            writer.writeElectionNotification(notification)
        }
    }

    /// - Returns: what the messages say, and the bytes of them encoded again.
    private static func decode(
        _ bytes: [UInt8], initial: Bool, pieceSize: Int = .max / 2,
        limits: ElectionLimits = ElectionLimits()
    ) throws(DecodeError) -> (lines: [String], bytes: [UInt8]) {
        var lines: [String] = []
        let writer = ByteWriter()
        var decoder = ElectionStreamDecoder(expectsInitialMessage: initial, limits: limits)
        try bytes.forEachPiece(of: pieceSize) { (input) throws(DecodeError) in
            while let item = try decoder.next(&input) {
                lines.append(try describe(item))
                write(item, into: writer)
            }
        }
        return (lines, writer.bytes)
    }

    @Test("Apache's initial messages are read and written again byte for byte")
    func initialMessages() throws {
        let one = try Fixture.bytes("election/initial-one-address")
        let decodedOne = try Self.decode(one, initial: true)
        #expect(decodedOne.lines == ["initial oneAddress server 2 [127.0.0.1:24112]"])
        #expect(decodedOne.bytes == one)

        let all = try Fixture.bytes("election/initial-all-addresses")
        let decodedAll = try Self.decode(all, initial: true)
        #expect(
            decodedAll.lines == [
                "initial allAddresses server 2 [127.0.0.1:24112, 127.0.0.2:24116]"
            ])
        #expect(decodedAll.bytes == all)
    }

    @Test(
        "Apache's notifications are read and written again byte for byte",
        arguments: [
            ("following", "following round 1 for server 2 at 0x0 of epoch 1, "),
            ("leading", "leading round 1 for server 2 at 0x0 of epoch 1, "),
            ("looking", "looking round 1 for server 2 at 0x0 of epoch 0, "),
            ("observing", "observing round 0 for server 3 at 0x0 of epoch 1, "),
            (
                "looking-without-vote",
                "looking round 1 for server -9223372036854775808 at 0x8000000000000000 "
                    + "of epoch none, "
            ),
        ])
    func notifications(_ name: String, _ expected: String) throws {
        let bytes = try Fixture.bytes("election/notification-" + name)
        let decoded = try Self.decode(bytes, initial: false)
        #expect(decoded.lines.count == 1)
        #expect(decoded.lines[0].hasPrefix(expected), "\(decoded.lines)")
        #expect(decoded.bytes == bytes)
    }

    @Test("A stream is the same messages however it is cut")
    func pieces() throws {
        let bytes = try Fixture.bytes("election/stream")
        let expected = try Self.decode(bytes, initial: true)
        #expect(expected.lines.count == 3)
        #expect(expected.bytes == bytes)
        for size in 1...bytes.count {
            let decoded = try Self.decode(bytes, initial: true, pieceSize: size)
            #expect(decoded.lines == expected.lines, "pieces of \(size)")
            #expect(decoded.bytes == bytes)
        }
    }

    @Test("The initial message from before 3.5 is a server's id alone")
    func oldInitialMessage() throws {
        let bytes = encoded { $0.writeInt64(3) }
        let decoded = try Self.decode(bytes, initial: true, pieceSize: 1)
        #expect(decoded.lines == ["initial old server 3 []"])
        #expect(decoded.bytes == bytes)
    }

    @Test("Addresses are host and port, IPv6 in brackets")
    func addresses() {
        #expect(ElectionAddress("[::1]:3888") == ElectionAddress(host: "::1", port: 3888))
        #expect(ElectionAddress(host: "::1", port: 3888).description == "[::1]:3888")
        #expect(ElectionAddress("0.0.0.0:3888")?.isWildcard == true)
        #expect(ElectionAddress("[::]:3888")?.isWildcard == true)
        #expect(ElectionAddress("zk1.example:3888")?.isWildcard == false)
        let bad = [
            "", ":", "host", "host:", ":1", "host:x", "host:65536", "::1:1", "[::1]", "[]:1",
        ]
        for text in bad {
            #expect(ElectionAddress(text[...]) == nil, "\(text)")
        }
    }

    /// 36 bytes and what a sender of that time put behind them.
    private static func frame(peerEpoch: Int64?, _ tail: (ByteWriter) -> Void) -> [UInt8] {
        encoded { writer in
            let start = writer.beginFrame()
            writer.writeInt32(0)
            writer.writeInt64(2)
            writer.writeInt64(0x5_0000_0007)
            writer.writeInt64(9)
            if let peerEpoch { writer.writeInt64(peerEpoch) }
            tail(writer)
            writer.endFrame(start)
        }
    }

    @Test("Notifications of older forms are read: 28 bytes, 40 bytes, version 1")
    func oldForms() throws {
        let vote = "looking round 9 for server 2 at 0x500000007 of epoch "
        let forms: [([UInt8], String)] = [
            (Self.frame(peerEpoch: nil) { _ in }, "5"),
            (Self.frame(peerEpoch: 4) { $0.writeInt32(0) }, "4"),
            // Apache takes no version from 40 bytes.
            (Self.frame(peerEpoch: 4) { $0.writeInt32(7) }, "4"),
            (
                Self.frame(peerEpoch: -1) {
                    $0.writeInt32(1)
                    $0.writeInt32(0)
                }, "-1"
            ),
        ]
        for (bytes, epoch) in forms {
            let decoded = try Self.decode(bytes, initial: false)
            #expect(decoded.lines == [vote + epoch + ", membership 0 of 0"])
        }
    }

    @Test("A version says which notification may have a membership")
    func versions() throws {
        let bytes = Self.frame(peerEpoch: 4) { writer in
            writer.writeInt32(3)
            writer.writeString("version=7")
            writer.writeInt32(99)
        }
        try bytes.withByteView { (view) throws(DecodeError) in
            let notification = try ElectionNotification(view[view: 4..<view.count])
            #expect(notification.version == 3)
            #expect(notification.membership.text == "version=7")
        }
    }

    @Test("Lengths beyond the limits and versions that are not known end the stream")
    func hostileLengths() {
        for length: Int32 in [0, -1, .min, 65, .max] {
            let bytes = encoded { $0.writeInt32(length) }
            #expect(throws: DecodeError(.badLength(Int(length)), offset: 0)) {
                _ = try Self.decode(
                    bytes, initial: false, pieceSize: 1, limits: ElectionLimits(messageBytes: 64))
            }
        }
        for length: Int32 in [0, -1, .min, 2049, .max] {
            let bytes = encoded {
                $0.writeInt64(-65536)
                $0.writeInt64(1)
                $0.writeInt32(length)
            }
            #expect(throws: DecodeError(.badLength(Int(length)), offset: 16)) {
                _ = try Self.decode(bytes, initial: true, pieceSize: 1)
            }
        }
        for version: Int64 in [-1, -65534, -65537, .min] {
            #expect(throws: DecodeError.self) {
                _ = try Self.decode(encoded { $0.writeInt64(version) }, initial: true)
            }
        }
    }

    @Test("3769: A frame that is no notification is an error of its own; the next frame is read")
    func badNotification() throws {
        let good = try Fixture.bytes("election/notification-looking")
        let short = encoded {
            let start = $0.beginFrame()
            $0.writeInt64(1)
            $0.endFrame(start)
        }
        var decoder = ElectionStreamDecoder(expectsInitialMessage: false)
        var results: [Bool] = []
        try (short + good).forEachPiece(of: 1000) { (input) throws(DecodeError) in
            while case .message(let bytes)? = try decoder.next(&input) {
                results.append((try? ElectionNotification(bytes)) != nil)
            }
        }
        #expect(results == [false, true])
    }

    @Test("What a notification says wrong is in the error")
    func messages() {
        func error(_ bytes: [UInt8]) -> DecodeError? {
            do throws(DecodeError) {
                _ = try Self.decode(bytes, initial: false)
                return nil
            } catch {
                return error
            }
        }
        var state = Self.frame(peerEpoch: 4) { $0.writeInt32(1) }
        state[7] = 4
        #expect(error(state)?.description == "4 is no state of a server at byte 0")
        let negative = Self.frame(peerEpoch: 4) {
            $0.writeInt32(2)
            $0.writeInt32(-5)
        }
        #expect(error(negative)?.description == "length -5 out of range at byte 40")
        let long = Self.frame(peerEpoch: 4) {
            $0.writeInt32(2)
            $0.writeInt32(.max)
        }
        #expect(error(long)?.description == "truncated at byte 44: 2147483647 bytes needed, 0 left")
    }
}
