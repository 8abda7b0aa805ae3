/// A jute `vector<Id>` that is walked where it lies: who a client has shown to be.
package struct IdentityList {
    package let count: Int
    /// The encoded elements, without the count.
    package let elements: ByteView

    package init(count: Int, elements: ByteView) {
        self.count = count
        self.elements = elements
    }

    /// The fewest bytes that an element takes: two lengths.
    static let minimumElementSize = 8

    /// Calls `body` for each identity, in order.
    package func forEach(
        _ body: (_ scheme: ByteView, _ id: ByteView) -> Void
    ) throws(DecodeError) {
        var reader = JuteReader(elements)
        for _ in 0..<count {
            let scheme = try reader.readBuffer()
            body(scheme, try reader.readBuffer())
        }
    }

    /// The identities, copied.
    package func identities() throws(DecodeError) -> [Identity] {
        var all: [Identity] = []
        try forEach { scheme, id in all.append(Identity(scheme: scheme.text, id: id.text)) }
        return all
    }
}

extension JuteReader {
    /// A `vector<Id>`, nil where it is null.
    package mutating func readIdentityList() throws(DecodeError) -> IdentityList? {
        let count = Int(try readInt32())
        if count == -1 { return nil }
        guard count >= 0, count <= remaining / IdentityList.minimumElementSize else {
            throw DecodeError(.badLength(count), offset: offset - 4)
        }
        let start = offset
        for _ in 0..<count {
            _ = try readBuffer()
            _ = try readBuffer()
        }
        return IdentityList(count: count, elements: bytes[view: start..<offset])
    }
}

extension ByteWriter {
    package func writeIdentityList(_ list: IdentityList?) {
        guard let list else { return writeInt32(-1) }
        writeInt32(Int32(list.count))
        writeRaw(list.elements)
    }

    package func writeIdentityList(_ identities: [Identity]) {
        writeInt32(Int32(identities.count))
        for identity in identities {
            writeString(identity.scheme)
            writeString(identity.id)
        }
    }
}
