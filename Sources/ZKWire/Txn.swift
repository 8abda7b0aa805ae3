// The transactions of Zab, as views of the bytes that log, peers and followers carry: decoding one
// copies nothing. Layouts: jute module `org.apache.zookeeper.txn`.

/// The change that a transaction makes; idempotent, with every resulting version in it. Views are
/// valid as long as the bytes that were decoded.
package enum Txn {
    case create(CreateTxn)
    case delete(path: ByteView)
    case setData(path: ByteView, data: ByteView?, version: Int32)
    /// `acl` is an encoded `vector<ACL>`.
    case setACL(path: ByteView, acl: ByteView, version: Int32)
    case check(path: ByteView, version: Int32)
    case createSession(timeoutMilliseconds: Int32)
    /// The ephemerals to delete; nil in logs from before `CloseSessionTxn` existed.
    case closeSession(StringVector?)
    case multi(MultiTxn)
    /// A request that failed validation; it has its zxid and changes nothing.
    case error(code: Int32)
}

/// The creation of a znode of any kind.
package struct CreateTxn {
    package enum Kind: Equatable {
        case persistent, ephemeral, container
        case ttl(milliseconds: Int64)
    }

    package var path: ByteView
    /// nil is jute's null buffer, kept apart from an empty value.
    package var data: ByteView?
    /// An encoded `vector<ACL>`.
    package var acl: ByteView
    package var kind: Kind
    /// The parent's count of creations after this one; -1 in logs from before it was recorded.
    package var parentCVersion: Int32

    package init(
        path: ByteView, data: ByteView?, acl: ByteView, kind: Kind, parentCVersion: Int32
    ) {
        self.path = path
        self.data = data
        self.acl = acl
        self.kind = kind
        self.parentCVersion = parentCVersion
    }

    /// `ephemeralOwner` of the znode when `session` creates it.
    package func ephemeralOwner(session: SessionID) -> Int64 {
        switch kind {
        case .persistent: 0
        case .ephemeral: session.rawValue
        case .container: NodeKind.container.ephemeralOwner
        case .ttl(let milliseconds): NodeKind.ttl(milliseconds: milliseconds).ephemeralOwner
        }
    }
}

/// A jute `vector<ustring>` that is walked where it lies.
package struct StringVector {
    package let count: Int
    /// The encoded elements, without the count.
    package let elements: ByteView

    /// Calls `body` for each string, in order.
    package func forEach(_ body: (ByteView) -> Void) throws(DecodeError) {
        var reader = JuteReader(elements)
        for _ in 0..<count { body(try reader.readBuffer()) }
    }
}

/// Several transactions under one zxid: all of them happen, or (if any is an error) none.
package struct MultiTxn {
    package let count: Int
    /// The encoded `vector<Txn>`, without the count: a type and a buffer each.
    package let elements: ByteView

    /// Calls `body` with each part's type and encoded record, in order.
    package func forEach(
        _ body: (_ type: Int32, _ record: ByteView) throws(DecodeError) -> Void
    ) throws(DecodeError) {
        var reader = JuteReader(elements)
        for _ in 0..<count {
            let type = try reader.readInt32()
            try body(type, try reader.readBuffer())
        }
    }

    /// Whether any part failed validation, so that none of them applies.
    package var isFailed: Bool {
        get throws(DecodeError) {
            var failed = false
            try forEach { (type, _) throws(DecodeError) in
                if type == OpCode.error.rawValue { failed = true }
            }
            return failed
        }
    }
}

/// A jute `TxnDigest`, which may follow a transaction: the tree's digest after it.
package struct TxnDigest: Equatable, Sendable {
    package var version: Int32
    package var treeDigest: Int64

    package init(version: Int32, treeDigest: Int64) {
        self.version = version
        self.treeDigest = treeDigest
    }
}
