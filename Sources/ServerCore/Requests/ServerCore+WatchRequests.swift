// The requests about watches: adding persistent ones, asking for and removing them, and arming the
// old ones again after a reconnect.

import DataTree
import ZKWire

extension ServerCore {
    func answerAddWatch(
        _ request: WatchRequest, _ connection: Connection, _ output: ByteWriter
    ) -> ErrorCode {
        guard request.kind == 0 || request.kind == 1 else { return .badArguments }
        watches.addPersistent(request.path, recursive: request.kind == 1, connection.id)
        output.writeInt32(0)
        return .ok
    }

    func answerCheckWatches(_ request: WatchRequest, _ connection: Connection) -> ErrorCode {
        guard let type = WatcherType(rawValue: request.kind) else { return .badArguments }
        return watches.contains(request.path, type, connection.id) ? .ok : .noWatcher
    }

    func answerRemoveWatches(_ request: WatchRequest, _ connection: Connection) -> ErrorCode {
        guard let type = WatcherType(rawValue: request.kind) else { return .badArguments }
        return watches.remove(request.path, type, connection.id) ? .ok : .noWatcher
    }

    /// Each watch of the client either fires at once, because what it waited for happened while the
    /// client was away, or is armed again. Events precede the reply.
    func answerSetWatches(
        _ request: SetWatchesRequest, _ connection: Connection
    ) throws(DecodeError) -> ErrorCode {
        // Events are whole frames: they go before the reply, which is being written already.
        let output = connection.output
        let reply = output.count - ByteWriter.replyPrefixSize
        let header = [UInt8](output.view[view: reply..<output.count])
        output.truncate(to: reply)
        defer { output.writeRaw(header) }
        let lists: [(WatchKind, StringVector)] = [
            (.data, request.data), (.exist, request.exists), (.child, request.child),
            (.persistent, request.persistent),
            (.persistentRecursive, request.persistentRecursive),
        ]
        for (kind, paths) in lists {
            try paths.forEach { path in
                let missed = watches.restore(
                    kind, path, since: request.relativeZxid, in: tree, connection.id)
                if let missed { output.writeWatchEvent(missed, path: path, zxid: lastProcessedZxid) }
            }
        }
        return .ok
    }
}
