// The bodies of client requests, as views of the frame they came in (jute module
// `org.apache.zookeeper.proto`).

/// What begins every request after the connect request: 8 bytes.
package struct RequestHeader: Equatable, Sendable {
    package var xid: Int32
    /// An `OpCode` raw value, as it came.
    package var type: Int32
}

/// create, create2, createContainer; with `ttl` createTTL.
package struct CreateRequest {
    package var path: ByteView
    package var data: ByteView?
    /// An encoded `vector<ACL>`.
    package var acl: ByteView
    package var flags: Int32
    /// Milliseconds; -1 where the request has none.
    package var ttl: Int64
}

/// getData, exists, getChildren, getChildren2.
package struct ReadRequest {
    package var path: ByteView
    package var watch: Bool
}

/// delete, check.
package struct VersionedPath {
    package var path: ByteView
    package var version: Int32
}

package struct SetDataRequest {
    package var path: ByteView
    package var data: ByteView?
    package var version: Int32
}

package struct SetACLRequest {
    package var path: ByteView
    /// An encoded `vector<ACL>`.
    package var acl: ByteView
    package var version: Int32
}

/// addWatch, checkWatches, removeWatches: a path and a mode or type.
package struct WatchRequest {
    package var path: ByteView
    package var kind: Int32
}

/// setWatches and setWatches2: what the client had, as of `relativeZxid`.
package struct SetWatchesRequest {
    package var relativeZxid: Zxid
    package var data: StringVector
    package var exists: StringVector
    package var child: StringVector
    package var persistent: StringVector
    package var persistentRecursive: StringVector
}

package struct AuthRequest {
    package var scheme: ByteView
    package var credential: ByteView
}

extension JuteReader {
    @inline(__always)
    package mutating func readRequestHeader() throws(DecodeError) -> RequestHeader {
        RequestHeader(xid: try readInt32(), type: try readInt32())
    }

    package mutating func readCreateRequest(hasTTL: Bool) throws(DecodeError) -> CreateRequest {
        CreateRequest(
            path: try readPath(), data: try readNullableBuffer(), acl: try readACLView(),
            flags: try readInt32(), ttl: hasTTL ? try readInt64() : -1)
    }

    @inline(__always)
    package mutating func readReadRequest() throws(DecodeError) -> ReadRequest {
        ReadRequest(path: try readPath(), watch: try readBool())
    }

    package mutating func readVersionedPath() throws(DecodeError) -> VersionedPath {
        VersionedPath(path: try readPath(), version: try readInt32())
    }

    package mutating func readSetDataRequest() throws(DecodeError) -> SetDataRequest {
        SetDataRequest(
            path: try readBuffer(), data: try readNullableBuffer(), version: try readInt32())
    }

    package mutating func readSetACLRequest() throws(DecodeError) -> SetACLRequest {
        SetACLRequest(path: try readBuffer(), acl: try readACLView(), version: try readInt32())
    }

    package mutating func readWatchRequest() throws(DecodeError) -> WatchRequest {
        WatchRequest(path: try readBuffer(), kind: try readInt32())
    }

    /// - Parameter hasPersistent: setWatches2 lists the persistent watches too.
    package mutating func readSetWatchesRequest(
        hasPersistent: Bool
    ) throws(DecodeError) -> SetWatchesRequest {
        let none = StringVector(count: 0, elements: ByteView(start: nil, count: 0))
        return SetWatchesRequest(
            relativeZxid: Zxid(rawValue: try readInt64()), data: try readStringVector(),
            exists: try readStringVector(), child: try readStringVector(),
            persistent: hasPersistent ? try readStringVector() : none,
            persistentRecursive: hasPersistent ? try readStringVector() : none)
    }

    /// Joining, leaving and new members, and the version that the change is based on: read for its
    /// form alone.
    package mutating func readReconfigRequest() throws(DecodeError) {
        for _ in 0..<3 { _ = try readNullableBuffer() }
        _ = try readInt64()
    }

    package mutating func readAuthRequest() throws(DecodeError) -> AuthRequest {
        _ = try readInt32()
        return AuthRequest(scheme: try readBuffer(), credential: try readBuffer())
    }
}
