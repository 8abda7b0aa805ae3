// The quorum port's bytes -> packets. The stream has no frames: where a packet ends is known only
// from the lengths within it.

/// What of a packet is believed. More ends the connection.
package struct QuorumPacketLimits: Equatable, Sendable {
    /// The longest data: Apache takes jute.maxbuffer and as much again.
    package var dataBytes: Int
    /// The longest encoded authinfo. Apache has no bound; a client adds an identity by each `auth`.
    package var authInfoBytes: Int

    package init(dataBytes: Int = 2 * 0xfffff, authInfoBytes: Int = 1 << 20) {
        self.dataBytes = dataBytes
        self.authInfoBytes = authInfoBytes
    }
}

/// Takes packets off the bytes received from a peer, however they are cut.
package struct QuorumPacketDecoder {
    package let limits: QuorumPacketLimits
    private var assembler: MessageAssembler<QuorumPacketMeter>

    package init(limits: QuorumPacketLimits = QuorumPacketLimits()) {
        self.limits = limits
        assembler = MessageAssembler(QuorumPacketMeter(limits))
    }

    /// Bytes that are kept of a packet that has not come whole.
    package var keptBytes: Int { assembler.keptBytes }

    /// The next packet.
    /// - Parameter input: what was received and not yet decoded. Afterwards it begins behind the
    ///   packet: so after a SNAP it is the start of the snapshot, which is not for this decoder.
    /// - Returns: a packet whose views are valid until the next call, or nil when all of `input`
    ///   was taken and more is needed.
    /// - Throws: on lengths beyond the limits. The stream cannot be read any further.
    package mutating func next(_ input: inout ByteView) throws(DecodeError) -> QuorumPacket? {
        guard let bytes = try assembler.next(&input, measuredBy: QuorumPacketMeter(limits)) else {
            return nil
        }
        var reader = JuteReader(bytes)
        return try reader.readQuorumPacket()
    }
}

/// Measures a packet by its lengths, one after the other.
struct QuorumPacketMeter: MessageMeter {
    /// What the next length is of.
    private enum Field {
        case data, authInfo, scheme, id
        /// There is no further one.
        case end
    }

    private let limits: QuorumPacketLimits
    private var field = Field.data
    private var identitiesLeft = 0
    private var authInfoStart = 0
    private(set) var needed = QuorumPacket.dataOffset

    init(_ limits: QuorumPacketLimits) { self.limits = limits }

    mutating func advance(_ bytes: ByteView) throws(DecodeError) -> Int? {
        if field == .data, bytes.count >= needed {
            try ForeignHello.refuse(bytes, own: "version 0x10000 of the quorum protocol")
        }
        while bytes.count >= needed {
            if field == .end { return needed }
            // SAFETY: `needed` is at least 16 and at most `bytes.count`.
            let length = bytes.loadUnaligned(fromByteOffset: needed - 4, as: Int32.self)
            try take(Int(Int32(bigEndian: length)))
        }
        return nil
    }

    private mutating func take(_ length: Int) throws(DecodeError) {
        guard length >= -1, length <= limit else {
            throw DecodeError(.badLength(length), offset: needed - 4)
        }
        switch field {
        case .data:
            needed += max(length, 0) + 4
            field = .authInfo
        case .authInfo:
            authInfoStart = needed
            identitiesLeft = max(length, 0)
            expectIdentity()
        case .scheme:
            needed += max(length, 0) + 4
            field = .id
        case .id:
            needed += max(length, 0)
            identitiesLeft -= 1
            expectIdentity()
        case .end: preconditionFailure("nothing has a length after the end of a packet")
        }
    }

    private mutating func expectIdentity() {
        field = identitiesLeft > 0 ? .scheme : .end
        if identitiesLeft > 0 { needed += 4 }
    }

    /// The highest length, or count of identities, that the packet may go on with.
    private var limit: Int {
        switch field {
        case .data: limits.dataBytes
        case .authInfo: limits.authInfoBytes / IdentityList.minimumElementSize
        case .scheme, .id: limits.authInfoBytes - (needed - authInfoStart)
        case .end: 0
        }
    }
}
