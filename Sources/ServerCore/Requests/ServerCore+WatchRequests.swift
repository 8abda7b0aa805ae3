// The requests about watches: adding persistent ones, asking for and removing them, and arming the
// old ones again after a reconnect.

import DataTree
import ZKWire

extension ServerCore {
    func answerAddWatch(
        _ request: WatchRequest, _ connection: Connection, _ output: ByteWriter
    ) -> ErrorCode {
        guard request.kind == 0 || request.kind == 1 else { return .marshallingError }
        watches.addPersistent(request.path, recursive: request.kind == 1, connection.id)
        output.writeInt32(0)
        return .ok
    }

    func answerCheckWatches(_ request: WatchRequest, _ connection: Connection) -> ErrorCode {
        guard let type = WatcherType(rawValue: request.kind) else { return .marshallingError }
        return watches.contains(request.path, type, connection.id) ? .ok : .noWatcher
    }

    func answerRemoveWatches(_ request: WatchRequest, _ connection: Connection) -> ErrorCode {
        guard let type = WatcherType(rawValue: request.kind) else { return .marshallingError }
        return watches.remove(request.path, type, connection.id) ? .ok : .noWatcher
    }

    /// Each watch of the client either fires at once, because what it waited for happened while the
    /// client was away, or is armed again. Runs before the reply is begun, since events are frames of
    /// their own. A body that cannot be decoded arms nothing; the reply says so.
    func rearmWatches(_ body: inout JuteReader, _ connection: Connection, hasPersistent: Bool) {
        var reader = body
        guard let request = try? reader.readSetWatchesRequest(hasPersistent: hasPersistent) else {
            return
        }
        let lists: [(WatchKind, StringVector)] = [
            (.data, request.data), (.exist, request.exists), (.child, request.child),
            (.persistent, request.persistent),
            (.persistentRecursive, request.persistentRecursive),
        ]
        for (kind, paths) in lists {
            // The strings were read once above.
            try? paths.forEach { path in
                let missed = watches.restore(
                    kind, path, since: request.relativeZxid, in: tree, connection.id)
                guard let missed else { return }
                connection.output.writeWatchEvent(missed, path: path, zxid: lastProcessedZxid)
            }
        }
    }
}
