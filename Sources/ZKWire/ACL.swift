/// What a user may do with a znode (Apache `ZooDefs.Perms`).
package struct Permissions: OptionSet, Hashable, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let read = Permissions(rawValue: 1)
    package static let write = Permissions(rawValue: 2)
    package static let create = Permissions(rawValue: 4)
    package static let delete = Permissions(rawValue: 8)
    package static let admin = Permissions(rawValue: 16)
    package static let all = Permissions(rawValue: 31)
}

/// Who: a scheme (`world`, `digest`, `ip`, ...) and an id within it.
package struct Identity: Hashable, Sendable {
    package var scheme: String
    package var id: String

    package init(scheme: String, id: String) {
        self.scheme = scheme
        self.id = id
    }

    package static let anyone = Identity(scheme: "world", id: "anyone")
}

/// One line of an access control list.
package struct ACLEntry: Hashable, Sendable {
    package var permissions: Permissions
    package var identity: Identity

    package init(permissions: Permissions, identity: Identity) {
        self.permissions = permissions
        self.identity = identity
    }

    /// Everybody may do everything.
    package static let openUnsafe = [ACLEntry(permissions: .all, identity: .anyone)]
    package static let readUnsafe = [ACLEntry(permissions: .read, identity: .anyone)]
}

extension JuteReader {
    /// A `vector<ACL>`: each a permission word, a scheme and an id.
    package mutating func readACL() throws(DecodeError) -> [ACLEntry] {
        let count = try readCount(elementSize: 12)
        var entries: [ACLEntry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let permissions = Permissions(rawValue: try readInt32())
            let scheme = try readString()
            let id = try readString()
            entries.append(
                ACLEntry(permissions: permissions, identity: Identity(scheme: scheme, id: id)))
        }
        return entries
    }

    /// The bytes of a `vector<ACL>`, undecoded: equal bytes are equal lists.
    package mutating func readACLView() throws(DecodeError) -> ByteView {
        let start = offset
        let count = try readCount(elementSize: 12)
        for _ in 0..<count {
            _ = try readInt32()
            _ = try readBuffer()
            _ = try readBuffer()
        }
        return bytes[view: start..<offset]
    }
}

extension ByteWriter {
    package func writeACL(_ entries: [ACLEntry]) {
        writeInt32(Int32(entries.count))
        for entry in entries {
            writeInt32(entry.permissions.rawValue)
            writeString(entry.identity.scheme)
            writeString(entry.identity.id)
        }
    }
}
