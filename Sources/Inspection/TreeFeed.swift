import DataTree
import Snapshot
import ZKWire

extension DataTree {
    /// Gives a tree's content to a sink as a snapshot's would be, znodes in the order of their paths.
    func feed<Sink: SnapshotSink & ~Copyable>(into sink: inout Sink) throws(DecodeError) {
        for session in sessions.all {
            try sink.addSession(session.id, timeoutMilliseconds: session.timeoutMilliseconds)
        }
        var known: Set<ACLID> = [.open]
        var failure: DecodeError?
        forEachNode { ref, path in
            guard failure == nil else { return }
            let acl = acl(of: ref)
            let id: Int64 = acl == .open ? -1 : Int64(acl.rawValue)
            do throws(DecodeError) {
                if known.insert(acl).inserted {
                    try sink.addACL(id: id, acl: encodedACL(of: acl))
                }
                try sink.addNode(
                    path: path.count == 1 ? path[view: 0..<0] : path, data: data(of: ref),
                    acl: id, stat: persistedStat(of: ref))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
