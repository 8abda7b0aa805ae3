import ServerCore
import Testing
import ZKWire

/// Reads what came back on one connection, frame by frame, and holds it against the history:
/// replies in the order of the requests, each write's with its own zxid, each read's with the state
/// at the zxid that it names, and each event between the replies between which it belongs.
struct RandomLinkCheck {
    let link: RandomLink
    let history: RandomHistory
    /// The highest zxid that the session had seen, or written before, when a request was sent.
    let floor: (RandomLink.Sent) -> Zxid

    private var watches = ModelWatches()
    /// The state up to which events have been accounted for.
    private(set) var seen = Zxid.zero
    private var events: [ModelWatches.Event] = []
    private(set) var replyCount = 0

    init(
        _ link: RandomLink, _ history: RandomHistory,
        floor: @escaping (RandomLink.Sent) -> Zxid
    ) {
        self.link = link
        self.history = history
        self.floor = floor
    }

    mutating func run() throws {
        for frame in link.frames.dropFirst() {
            try frame.withUnsafeBytes { bytes in
                var reader = JuteReader(ByteView(bytes))
                let xid = try reader.readInt32()
                let zxid = Zxid(rawValue: try reader.readInt64())
                let error = try reader.readInt32()
                if xid == SpecialXid.notification {
                    try note(&reader, zxid)
                } else {
                    try check(xid, zxid, error, reader.rest)
                }
            }
        }
        try checkEnd()
    }

    private mutating func note(_ reader: inout JuteReader, _ zxid: Zxid) throws {
        let type = try #require(EventType(rawValue: try reader.readInt32()))
        #expect(try reader.readInt32() == KeeperState.syncConnected)
        events.append(ModelWatches.Event(type: type, path: try reader.readString(), zxid: zxid))
    }

    private mutating func check(
        _ xid: Int32, _ zxid: Zxid, _ error: Int32, _ body: ByteView
    ) throws {
        try #require(replyCount < link.sent.count, "a reply that nobody asked for")
        let sent = link.sent[replyCount]
        replyCount += 1
        // A ping is answered with the xid that pings have, whichever it came with.
        let expectedXid = sent.operation.type == .ping ? SpecialXid.ping : sent.xid
        try #require(xid == expectedXid, "answers out of order")
        #expect(zxid >= seen && zxid >= floor(sent), "\(zxid) after \(seen), \(floor(sent))")
        var expected = missed(until: zxid)
        if sent.operation.isWrite {
            try checkWrite(sent, zxid, error, body)
        } else {
            expected += restored(sent.operation, zxid)
            checkRead(sent.operation, history.state(at: zxid), error, body)
            watches.note(sent.operation, in: history.state(at: zxid))
        }
        #expect(events == expected, "before the reply to \(sent)")
        events.removeAll()
    }

    private func checkWrite(
        _ sent: RandomLink.Sent, _ zxid: Zxid, _ error: Int32, _ body: ByteView
    ) throws {
        let request = RandomHistory.Request(session: link.session, xid: sent.xid)
        let answer = try #require(history.answers[request], "\(sent) is not in the log")
        #expect(zxid == answer.zxid)
        switch answer.result {
        case .success(let expected): #expect(error == 0 && Array(body) == expected, "\(sent)")
        case .failure(let code): #expect(error == code.rawValue && body.isEmpty, "\(sent)")
        }
    }

    private func checkRead(
        _ operation: RandomOperation, _ tree: ModelTree, _ error: Int32, _ body: ByteView
    ) {
        let expected = ByteWriter()
        switch operation {
        case .getData(let path, _), .exists(let path, _), .getChildren(let path, _):
            guard let node = tree.nodes[path] else {
                #expect(error == ErrorCode.noNode.rawValue)
                return
            }
            if case .getChildren = operation { return checkChildren(node, error, body) }
            if case .getData = operation { expected.writeBuffer(node.data) }
            expected.writeStat(node.stat)
        case .addWatch: expected.writeInt32(0)
        default: break
        }
        #expect(error == 0 && Array(body) == expected.bytes, "\(operation)")
    }

    private func checkChildren(_ node: ModelTree.Node, _ error: Int32, _ body: ByteView) {
        var reader = JuteReader(body)
        let names = (0..<((try? reader.readInt32()) ?? 0)).compactMap { _ in
            try? reader.readString()
        }
        #expect(error == 0 && Set(names) == node.children && names.count == node.children.count)
        #expect((try? reader.readStat()) == node.stat)
    }

    /// The events of the transactions after `seen`.
    private mutating func missed(until zxid: Zxid) -> [ModelWatches.Event] {
        var expected: [ModelWatches.Event] = []
        while seen < zxid {
            seen = seen.next
            for change in history.state(at: seen).changes {
                expected += watches.events(of: change, seen)
            }
        }
        return expected
    }

    private mutating func restored(
        _ operation: RandomOperation, _ zxid: Zxid
    ) -> [ModelWatches.Event] {
        guard case .setWatches(let since, let list) = operation else { return [] }
        var expected: [ModelWatches.Event] = []
        for kind in [WatchKind.data, .exist, .child, .persistent, .persistentRecursive] {
            for (_, path) in list.filter({ $0.0 == kind }) {
                let missed = watches.restore(
                    kind, path, since: since, in: history.state(at: zxid))
                if let missed {
                    expected.append(ModelWatches.Event(type: missed, path: path, zxid: zxid))
                }
            }
        }
        return expected
    }

    private mutating func checkEnd() throws {
        let closing = history.closings[link.session]
        if link.end == nil {
            #expect(replyCount == link.sent.count, "a reply is missing")
            #expect(events == missed(until: history.last))
        } else if link.isAbandoned {
            #expect(events == missed(until: link.end ?? .zero))
        } else if let closing, closing <= link.end ?? .zero {
            let own = link.sent.firstIndex { $0.operation.type == .closeSession }
            if let own, replyCount > 0, link.sent[replyCount - 1].operation.isWrite {
                #expect(replyCount <= own + 1, "an answer after that to closeSession")
            }
            #expect(events == missed(until: max(closing, seen)))
        } else {
            // Ended by a newer connection, at some point before it was noticed.
            #expect(missed(until: link.end ?? .zero).starts(with: events))
        }
    }
}
