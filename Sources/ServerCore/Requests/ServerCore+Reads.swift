// Reads: answered from the local tree into the connection's output, without intermediate values.

import DataTree
import ZKWire
import Zab

extension ServerCore {
    /// Answers a request that changes nothing; `operation` is nil for a type that is not known.
    func handleRead(
        _ connection: Connection, _ header: RequestHeader, _ operation: OpCode?,
        _ body: inout JuteReader, _ now: Now, _ effects: inout Effects
    ) {
        let output = connection.output
        if operation == .setWatches || operation == .setWatches2 {
            rearmWatches(&body, connection, hasPersistent: operation == .setWatches2)
        }
        let start = output.beginFrame()
        // Apache answers a ping with this xid, whichever it came with.
        let xid = operation == .ping ? SpecialXid.ping : header.xid
        let zxid = operation == .sasl ? .zero : lastProcessedZxid
        output.writeReplyHeader(xid: xid, zxid: zxid, error: 0)
        let error = answer(operation, &body, connection, output)
        if error != .ok {
            output.truncate(to: start + ByteWriter.replyPrefixSize)
            output.setInt32(error.rawValue, at: start + 16)
        }
        output.endFrame(start)
        connection.statistics.lastOperation = operation?.shortName ?? "NA"
        if operation != .ping { connection.statistics.lastXid = header.xid }
        countReply(connection, bytes: output.count - start - 4, now: now)
        statistics.latency.add(milliseconds: 0)
        connection.statistics.latency.add(milliseconds: 0)
        markOutput(connection, &effects.output)
    }

    /// Writes the body of the reply.
    private func answer(
        _ operation: OpCode?, _ body: inout JuteReader, _ connection: Connection,
        _ output: ByteWriter
    ) -> ErrorCode {
        do {
            switch operation {
            case .getData: return answerGetData(try body.readReadRequest(), connection, output)
            case .exists: return answerExists(try body.readReadRequest(), connection, output)
            case .getChildren:
                return answerGetChildren(
                    try body.readReadRequest(), connection, output, withStat: false)
            case .getChildren2:
                return answerGetChildren(
                    try body.readReadRequest(), connection, output, withStat: true)
            case .ping: return .ok
            case .sync: output.writeNullableBuffer(try body.readNullableBuffer())
            case .getACL: return answerGetACL(try body.readPath(), connection, output)
            case .getAllChildrenNumber:
                return answerDescendantCount(try body.readPath(), connection, output)
            case .getEphemerals: answerEphemerals(try body.readBuffer(), connection, output)
            case .whoAmI: answerWhoAmI(connection, output)
            case .sasl:
                // OK without a token tells the client that there is nothing to negotiate with
                // (Apache `ZooKeeperServer.processSasl`).
                _ = try body.readBuffer()
                output.writeNullableBuffer(nil)
            case .multiRead: try answerMultiRead(&body, connection, output)
            case .addWatch: return answerAddWatch(try body.readWatchRequest(), connection, output)
            case .checkWatches: return answerCheckWatches(try body.readWatchRequest(), connection)
            case .removeWatches:
                return answerRemoveWatches(try body.readWatchRequest(), connection)
            case .setWatches, .setWatches2:
                _ = try body.readSetWatchesRequest(hasPersistent: operation == .setWatches2)
            default: return .unimplemented
            }
            return .ok
        } catch {
            return .marshallingError
        }
    }

    // MARK: One znode

    @inline(__always)
    private func answerGetData(
        _ request: ReadRequest, _ connection: Connection, _ output: ByteWriter
    ) -> ErrorCode {
        // Held once: it may be replaced, though not meanwhile.
        let tree = tree
        guard let node = tree.find(request.path) else { return .noNode }
        guard access.permits(.read, tree.acl(of: node), tree, connection) else { return .noAuth }
        output.writeNullableBuffer(tree.data(of: node))
        output.writeStat(tree.stat(of: node))
        if request.watch { watches.addData(request.path, connection.id) }
        return .ok
    }

    private func answerExists(
        _ request: ReadRequest, _ connection: Connection, _ output: ByteWriter
    ) -> ErrorCode {
        guard !request.path.contains(0) else { return .badArguments }
        let tree = tree
        guard let node = tree.find(request.path) else {
            if request.watch { watches.addData(request.path, connection.id) }
            return .noNode
        }
        guard access.permits(.read, tree.acl(of: node), tree, connection) else { return .noAuth }
        output.writeStat(tree.stat(of: node))
        if request.watch { watches.addData(request.path, connection.id) }
        return .ok
    }

    private func answerGetChildren(
        _ request: ReadRequest, _ connection: Connection, _ output: ByteWriter, withStat: Bool
    ) -> ErrorCode {
        let tree = tree
        guard let node = tree.find(request.path) else { return .noNode }
        guard access.permits(.read, tree.acl(of: node), tree, connection) else { return .noAuth }
        writeChildren(of: node, output)
        if withStat { output.writeStat(tree.stat(of: node)) }
        if request.watch { watches.addChild(request.path, connection.id) }
        return .ok
    }

    private func writeChildren(of node: NodeRef, _ output: ByteWriter) {
        output.writeInt32(Int32(tree.childCount(of: node)))
        tree.forEachChild(of: node) { output.writeBuffer($0) }
    }

    private func answerGetACL(
        _ path: ByteView, _ connection: Connection, _ output: ByteWriter
    ) -> ErrorCode {
        guard let node = tree.find(path) else { return .noNode }
        let acl = tree.acl(of: node)
        guard access.permits([.read, .admin], acl, tree, connection) else { return .noAuth }
        var entries = tree.entries(of: acl)
        if !access.permits(.admin, acl, tree, connection) {
            // Whoever may not change the list does not see the hashes in it (CVE-2019-0201).
            for index in entries.indices where entries[index].identity.scheme == "digest" {
                let user = entries[index].identity.id.prefix { $0 != ":" }
                entries[index].identity.id = user + ":x"
            }
        }
        output.writeACL(entries)
        output.writeStat(tree.stat(of: node))
        return .ok
    }

    private func answerDescendantCount(
        _ path: ByteView, _ connection: Connection, _ output: ByteWriter
    ) -> ErrorCode {
        guard let node = tree.find(path) else { return .noNode }
        guard access.permits(.read, tree.acl(of: node), tree, connection) else { return .noAuth }
        output.writeInt32(Int32(tree.descendantCount(of: node)))
        return .ok
    }

    // MARK: The session

    private func answerEphemerals(
        _ prefix: ByteView, _ connection: Connection, _ output: ByteWriter
    ) {
        let countPlace = output.count
        output.writeInt32(0)
        var count: Int32 = 0
        // Without the space around it, which to Java's `trim` includes control characters.
        let significant = prefix.filter { $0 > 0x20 }
        let isAll = significant.isEmpty || significant.elementsEqual([UInt8(ascii: "/")])
        tree.forEachEphemeral(of: connection.session) { path in
            let isWanted =
                isAll
                || (path.count >= prefix.count
                    && path[view: 0..<prefix.count].isEqual(to: prefix))
            if isWanted {
                output.writeBuffer(path)
                count += 1
            }
        }
        output.setInt32(count, at: countPlace)
    }

    private func answerWhoAmI(_ connection: Connection, _ output: ByteWriter) {
        output.writeInt32(Int32(connection.identities.count))
        for identity in connection.identities {
            output.writeString(identity.scheme)
            let user = identity.scheme == "digest" ? identity.id.prefix { $0 != ":" } : nil
            output.writeString(user.map(String.init) ?? identity.id)
        }
    }

    // MARK: Several at once

    /// Each part is answered, with its own error where it has one. An answer that passes the bound
    /// of a connection's output is not finished, since the connection ends for it.
    private func answerMultiRead(
        _ body: inout JuteReader, _ connection: Connection, _ output: ByteWriter
    ) throws(DecodeError) {
        while output.count <= configuration.maximumOutputBytes {
            let type = try body.readInt32()
            let isDone = try body.readBool()
            _ = try body.readInt32()
            if isDone { break }
            guard type == OpCode.getData.rawValue || type == OpCode.getChildren.rawValue else {
                throw DecodeError(
                    .badValue("operation \(type) in a multiRead"), offset: body.offset)
            }
            let request = try body.readReadRequest()
            let start = output.count
            output.writeMultiHeader(type: type, isDone: false, error: 0)
            let error =
                type == OpCode.getData.rawValue
                ? answerGetData(request, connection, output)
                : answerGetChildren(request, connection, output, withStat: false)
            if error != .ok {
                output.truncate(to: start)
                output.writeMultiError(error.rawValue)
            }
        }
        output.writeMultiHeader(type: -1, isDone: true, error: -1)
    }
}

extension ByteWriter {
    /// The result of a part of a multi that failed.
    func writeMultiError(_ code: Int32) {
        writeMultiHeader(type: OpCode.error.rawValue, isDone: false, error: code)
        writeInt32(code)
    }
}
