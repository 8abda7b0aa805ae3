// The election port's bytes -> messages: at first the initial message, if the other side opened the
// connection, then frames of a length and a notification.

/// What of a message is believed. More ends the connection.
package struct ElectionLimits: Equatable, Sendable {
    package var addressBytes: Int
    package var messageBytes: Int

    package init(
        addressBytes: Int = ElectionFormat.maximumAddressBytes,
        messageBytes: Int = ElectionFormat.maximumMessageBytes
    ) {
        self.addressBytes = addressBytes
        self.messageBytes = messageBytes
    }
}

/// Takes messages off the bytes received from a peer, however they are cut.
package struct ElectionStreamDecoder {
    package enum Item {
        case initialMessage(ElectionInitialMessage)
        /// The bytes of an `ElectionNotification`, valid until the next call. That it can be
        /// decoded is another matter, and no reason to close the connection.
        case message(ByteView)
    }

    package let limits: ElectionLimits
    private var expectsInitialMessage: Bool
    private var assembler: MessageAssembler<ElectionMeter>

    /// - Parameter expectsInitialMessage: whether the other side opened the connection.
    package init(expectsInitialMessage: Bool, limits: ElectionLimits = ElectionLimits()) {
        self.limits = limits
        self.expectsInitialMessage = expectsInitialMessage
        assembler = MessageAssembler(.frame(limits))
    }

    /// Bytes that are kept of a message that has not come whole.
    package var keptBytes: Int { assembler.keptBytes }

    /// The next message of `input`, which afterwards begins behind it; nil when all of `input` was
    /// taken and more is needed.
    /// - Throws: when the stream cannot be read any further.
    package mutating func next(_ input: inout ByteView) throws(DecodeError) -> Item? {
        let fresh: ElectionMeter = expectsInitialMessage ? .initial(limits) : .frame(limits)
        guard let bytes = try assembler.next(&input, measuredBy: fresh) else { return nil }
        guard expectsInitialMessage else {
            return .message(bytes[view: ElectionMeter.frameHeadSize..<bytes.count])
        }
        var reader = JuteReader(bytes)
        let message = try reader.readElectionInitialMessage()
        expectsInitialMessage = false
        return .initialMessage(message)
    }
}

/// Measures either kind of message: a number that says what it is, or how long, comes first.
struct ElectionMeter: MessageMeter {
    private enum Stage {
        case version
        /// Of the addresses, or of a frame's content.
        case length(limit: Int)
        case end
    }

    static let frameHeadSize = 4

    private let limits: ElectionLimits
    private var stage: Stage
    private(set) var needed: Int
    private var hasBegun = false

    private init(_ limits: ElectionLimits, _ stage: Stage, needed: Int) {
        self.limits = limits
        self.stage = stage
        self.needed = needed
    }

    static func initial(_ limits: ElectionLimits) -> ElectionMeter {
        ElectionMeter(limits, .version, needed: 8)
    }

    static func frame(_ limits: ElectionLimits) -> ElectionMeter {
        ElectionMeter(limits, .length(limit: limits.messageBytes), needed: frameHeadSize)
    }

    mutating func advance(_ bytes: ByteView) throws(DecodeError) -> Int? {
        if !hasBegun, bytes.count >= needed {
            try ForeignHello.refuse(bytes, own: "version -65536 of the election protocol")
            hasBegun = true
        }
        while bytes.count >= needed {
            switch stage {
            case .version:
                // SAFETY: `needed` is 8.
                let version = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
                try expectAddresses(version)
            case .length(let limit):
                // SAFETY: `needed` is at least 4 and at most `bytes.count`.
                let raw = bytes.loadUnaligned(fromByteOffset: needed - 4, as: Int32.self)
                let length = Int(Int32(bigEndian: raw))
                guard length > 0, length <= limit else {
                    throw DecodeError(.badLength(length), offset: needed - 4)
                }
                needed += length
                stage = .end
            case .end: return needed
            }
        }
        return nil
    }

    private mutating func expectAddresses(_ version: Int64) throws(DecodeError) {
        if version >= 0 {
            stage = .end
        } else if ElectionInitialMessage.Version(rawValue: version) != nil {
            needed = ElectionInitialMessage.headSize
            stage = .length(limit: limits.addressBytes)
        } else {
            throw ElectionInitialMessage.unknown(version, offset: 0)
        }
    }
}
