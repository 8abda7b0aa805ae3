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
        try request.data.forEach { path in
            rearm(path, connection, since: request.relativeZxid, .nodeDataChanged) { $0.mzxid }
        }
        try request.exists.forEach { path in
            if tree.find(path) != nil {
                send(.nodeCreated, path, to: connection)
            } else {
                watches.addData(path, connection.id)
            }
        }
        try request.child.forEach { path in
            rearm(path, connection, since: request.relativeZxid, .nodeChildrenChanged) { $0.pzxid }
        }
        try request.persistent.forEach {
            watches.addPersistent($0, recursive: false, connection.id)
        }
        try request.persistentRecursive.forEach {
            watches.addPersistent($0, recursive: true, connection.id)
        }
        return .ok
    }

    private func rearm(
        _ path: ByteView, _ connection: Connection, since zxid: Zxid, _ change: EventType,
        _ lastChange: (Stat) -> Zxid
    ) {
        guard let node = tree.find(path) else {
            return send(.nodeDeleted, path, to: connection)
        }
        if lastChange(tree.stat(of: node)) > zxid {
            send(change, path, to: connection)
        } else if change == .nodeChildrenChanged {
            watches.addChild(path, connection.id)
        } else {
            watches.addData(path, connection.id)
        }
    }

    private func send(_ event: EventType, _ path: ByteView, to connection: Connection) {
        connection.output.writeWatchEvent(event, path: path, zxid: lastProcessedZxid)
    }
}
