import ZKWire

/// Hears what a transaction does to the tree while it is applied: this is how watches fire and
/// replies learn their stats. All views are valid during the call only.
package protocol TreeObserver {
    /// A znode came to be. `acl` is its list's id, `parentACL` its parent's.
    mutating func nodeCreated(path: ByteView, acl: ACLID, parentACL: ACLID)
    /// A znode is gone. Called before its memory is given back.
    mutating func nodeDeleted(path: ByteView, acl: ACLID, parentACL: ACLID)
    mutating func nodeDataChanged(path: ByteView, acl: ACLID)
    /// A transaction, or one part of a multi, was applied; parts come in order.
    /// - Parameters:
    ///   - type: the op code's raw value, of the part where it is a multi's.
    ///   - stat: the znode's stat afterwards; nil for deletions, checks, sessions and errors.
    ///   - error: an `ErrorCode` raw value; 0 when it took effect.
    mutating func applied(type: Int32, path: ByteView, stat: Stat?, error: Int32)
}

/// The index of an access control list in the tree's table; equal lists share one.
package struct ACLID: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// For replay: nobody listens.
package struct NoObserver: TreeObserver {
    package init() {}
    package mutating func nodeCreated(path: ByteView, acl: ACLID, parentACL: ACLID) {}
    package mutating func nodeDeleted(path: ByteView, acl: ACLID, parentACL: ACLID) {}
    package mutating func nodeDataChanged(path: ByteView, acl: ACLID) {}
    package mutating func applied(type: Int32, path: ByteView, stat: Stat?, error: Int32) {}
}
