import ZKWire

/// Takes a snapshot's content as it is decoded. Views are valid during the call only.
///
/// What a sink was given means nothing until the reader has returned: the checksums come last.
package protocol SnapshotSink: ~Copyable {
    mutating func addSession(_ session: SessionID, timeoutMilliseconds: Int32) throws(DecodeError)
    /// - Parameter acl: an encoded `vector<ACL>`; equal lists may come under several ids.
    mutating func addACL(id: Int64, acl: ByteView) throws(DecodeError)
    /// Parents come before their children; the root's path is empty.
    /// - Parameter acl: an id of `addACL`, or -1 for "everybody may do everything".
    mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: borrowing StatPersisted
    ) throws(DecodeError)
}

/// Verifies only.
package struct DiscardingSink: SnapshotSink {
    package init() {}
    package mutating func addSession(_ session: SessionID, timeoutMilliseconds: Int32) {}
    package mutating func addACL(id: Int64, acl: ByteView) {}
    package mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: borrowing StatPersisted
    ) {}
}
