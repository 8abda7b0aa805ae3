// Borrowed bytes: the paths and values of requests and transactions are looked at where they lie.

/// Bytes owned by somebody else, valid until the call that handed them over returns.
package typealias ByteView = UnsafeRawBufferPointer

extension UnsafeRawBufferPointer {
    package func isEqual(to other: ByteView) -> Bool {
        guard count == other.count else { return false }
        guard count > 0, let left = baseAddress, let right = other.baseAddress else { return true }
        return compare(left, right, count)
    }

    /// The bytes as text; invalid UTF-8 is replaced, so that this is for messages and names that
    /// were validated.
    package var text: String { String(decoding: self, as: UTF8.self) }

    package subscript(view range: Range<Int>) -> ByteView { ByteView(rebasing: self[range]) }
}

extension String {
    /// Lends the UTF-8 bytes of the string.
    package func withByteView<R, E: Error>(_ body: (ByteView) throws(E) -> R) throws(E) -> R {
        var copy = self
        var result: Result<R, E>?
        copy.withUTF8 { utf8 in
            do throws(E) {
                result = .success(try body(ByteView(utf8)))
            } catch {
                result = .failure(error)
            }
        }
        return try result.unsafelyUnwrapped.get()
    }
}

extension [UInt8] {
    package func withByteView<R, E: Error>(_ body: (ByteView) throws(E) -> R) throws(E) -> R {
        try withUnsafeBufferPointer { (bytes) throws(E) -> R in try body(ByteView(bytes)) }
    }
}
