/// A session that was heard of, and how long it may be silent.
package struct SessionTouch: Equatable, Sendable {
    package var session: SessionID
    package var timeoutMilliseconds: Int32

    package init(session: SessionID, timeoutMilliseconds: Int32) {
        self.session = session
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

/// The sessions that a learner has heard of since its last PING, walked where they lie.
package struct SessionTouches {
    private let bytes: ByteView

    static let elementSize = 12

    /// - Parameter bytes: a session id and a timeout each.
    package init(_ bytes: ByteView) throws(DecodeError) {
        guard bytes.count.isMultiple(of: Self.elementSize) else {
            throw DecodeError(.badLength(bytes.count), offset: 0)
        }
        self.bytes = bytes
    }

    package var count: Int { bytes.count / Self.elementSize }

    package func forEach(_ body: (SessionTouch) -> Void) {
        for start in stride(from: 0, to: bytes.count, by: Self.elementSize) {
            let session = bytes.loadUnaligned(fromByteOffset: start, as: Int64.self)
            let timeout = bytes.loadUnaligned(fromByteOffset: start + 8, as: Int32.self)
            body(
                SessionTouch(
                    session: SessionID(rawValue: Int64(bigEndian: session)),
                    timeoutMilliseconds: Int32(bigEndian: timeout)))
        }
    }

    package var view: ByteView { bytes }
}
