/// Bytes that are not what their place calls for. Says where, counted from the start of the message.
package struct DecodeError: Error, Equatable, CustomStringConvertible {
    package enum Reason: Equatable, Sendable {
        /// The field needs `needed` bytes and `left` are there.
        case truncated(needed: Int, left: Int)
        /// A length or count that is negative, or larger than the message can hold.
        case badLength(Int)
        /// A value outside its set, in words.
        case badValue(String)
        /// Another protocol, or a version of it that is not spoken here: a sentence that names both
        /// and the remedy.
        case foreign(String)
    }

    package let reason: Reason
    /// In bytes from the start of the message that was being decoded.
    package let offset: Int

    package init(_ reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    package var description: String {
        switch reason {
        case .truncated(let needed, let left):
            "truncated at byte \(offset): \(needed) bytes needed, \(left) left"
        case .badLength(let length): "length \(length) out of range at byte \(offset)"
        case .badValue(let what): "\(what) at byte \(offset)"
        case .foreign(let what): what
        }
    }
}
