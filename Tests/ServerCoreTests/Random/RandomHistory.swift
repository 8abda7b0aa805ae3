import DataTree
import ServerCore
import Testing
import ZKWire

/// What the log got, executed by the model: the state after each transaction, and the answer that
/// each request is owed.
struct RandomHistory {
    struct Request: Hashable {
        var session: SessionID
        var xid: Int32
    }

    struct Answer {
        var zxid: Zxid
        var result: Result<[UInt8], ErrorCode>
    }

    /// By zxid; the first is before any transaction.
    private(set) var states: [ModelTree] = [ModelTree()]
    private(set) var answers: [Request: Answer] = [:]
    /// The zxid of each session's end.
    private(set) var closings: [SessionID: Zxid] = [:]

    var last: Zxid { Zxid(rawValue: Int64(states.count - 1)) }
    func state(at zxid: Zxid) -> ModelTree { states[Int(zxid.rawValue)] }

    /// Checks on the way that zxids have no gap, that each session's requests are in the order in
    /// which they were sent, and that nothing of a session comes after its end.
    init(_ batches: [TxnBatch], _ clients: [RandomClient]) throws {
        var requests: [Request: RandomLink.Sent] = [:]
        for link in clients.flatMap(\.links) {
            for sent in link.sent {
                requests[Request(session: link.session, xid: sent.xid)] = sent
            }
        }
        var lastXids: [SessionID: Int32] = [:]
        for batch in batches {
            for entry in batch.entries {
                var reader = JuteReader(batch.payload(entry))
                let header = try reader.readTxnHeader()
                #expect(entry.zxid == last.next && header.zxid == entry.zxid)
                #expect(closings[header.session] == nil, "\(header) after its session's end")
                if header.cxid != 0 {
                    #expect(header.cxid > lastXids[header.session, default: 0])
                    lastXids[header.session] = header.cxid
                }
                let request = Request(session: header.session, xid: header.cxid)
                try execute(header, try reader.readTxn(type: header.type), requests[request])
            }
        }
    }

    private mutating func execute(
        _ header: TxnHeader, _ txn: Txn, _ sent: RandomLink.Sent?
    ) throws {
        var tree = states[states.count - 1]
        let stamp = ModelTree.Stamp(session: header.session, zxid: header.zxid, time: header.time)
        var result = Result<[UInt8], ErrorCode>.success([])
        switch txn {
        case .createSession: tree.close(stamp, order: [])
        case .closeSession(let paths):
            var order: [String] = []
            try paths?.forEach { order.append($0.text) }
            #expect(Set(order) == tree.ephemerals(of: header.session))
            #expect(Set(order).count == order.count)
            tree.close(stamp, order: order)
            closings[header.session] = header.zxid
        default:
            let operation = try #require(sent?.operation, "nobody sent \(header)")
            result = tree.execute(operation, stamp)
            if case .failure = result {
                #expect(header.type == OpCode.error.rawValue)
            } else {
                #expect(header.type == operation.type.rawValue)
            }
        }
        states.append(tree)
        answers[Request(session: header.session, xid: header.cxid)] = Answer(
            zxid: header.zxid, result: result)
    }
}
