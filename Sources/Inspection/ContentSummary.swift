// What a tree holds, counted as it comes by: for `snapshot`, `tree` and `du`.
import Snapshot
import ZKWire

/// A sink that counts.
struct ContentSummary: SnapshotSink {
    struct AccessList {
        let entries: [ACLEntry]
        var uses = 0
    }

    struct Session {
        let id: SessionID
        let timeoutMilliseconds: Int32
    }

    private(set) var sessions: [Session] = []
    private(set) var ephemeralsBySession: [SessionID: Int] = [:]
    private(set) var acls: [Int64: AccessList] = [:]
    private(set) var openUses = 0
    /// Znodes whose list is in no table; a fuzzy snapshot may have some.
    private(set) var unresolvedUses = 0
    private(set) var znodeCount = 0
    private(set) var containerCount = 0
    private(set) var ttlCount = 0
    private(set) var dataBytes: Int64 = 0
    private(set) var pathBytes: Int64 = 0
    private(set) var largest: (path: String, bytes: Int)?
    private(set) var lastChange: (zxid: Zxid, time: Int64) = (.zero, 0)
    var usage: SubtreeUsage

    init(depth: Int) { usage = SubtreeUsage(depth: depth) }

    var ephemeralCount: Int { ephemeralsBySession.values.reduce(0, +) }

    mutating func addSession(_ session: SessionID, timeoutMilliseconds: Int32) {
        sessions.append(Session(id: session, timeoutMilliseconds: timeoutMilliseconds))
    }

    mutating func addACL(id: Int64, acl: ByteView) throws(DecodeError) {
        var reader = JuteReader(acl)
        acls[id] = AccessList(entries: try reader.readACL())
    }

    @inline(__always)
    mutating func addNode(
        path: ByteView, data: ByteView?, acl: Int64, stat: borrowing StatPersisted
    ) {
        let size = data?.count ?? 0
        znodeCount += 1
        dataBytes += Int64(size)
        pathBytes += Int64(max(path.count, 1))
        if size > largest?.bytes ?? 0 { largest = (pathText(path), size) }
        if stat.mzxid > lastChange.zxid { lastChange = (stat.mzxid, stat.mtime) }
        if acl == -1 { openUses += 1 } else { count(acl: acl) }
        if stat.ephemeralOwner != 0 { count(owner: stat.ephemeralOwner) }
        usage.add(path, dataBytes: size)
    }

    private mutating func count(acl: Int64) {
        if acls[acl]?.count() == nil { unresolvedUses += 1 }
    }

    private mutating func count(owner: Int64) {
        switch NodeKind(ephemeralOwner: owner) {
        case .persistent: break
        case .ephemeral(let session): ephemeralsBySession[session, default: 0] += 1
        case .container: containerCount += 1
        case .ttl: ttlCount += 1
        }
    }
}

extension ContentSummary.AccessList {
    fileprivate mutating func count() { uses += 1 }
}

/// A path as people write it; the root's is empty in a snapshot.
func pathText(_ path: ByteView) -> String { path.isEmpty ? "/" : path.text }
