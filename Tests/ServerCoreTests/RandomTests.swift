import DataTree
import ServerCore
import Testing
import ZKWire

@Suite("Random workloads against a naive model")
struct RandomTests {
    @Test("every reply and every event is what the model says, in its place", arguments: 1...48)
    func workload(seed: UInt64) throws {
        let workload = RandomWorkload(seed: seed)
        workload.run(steps: 900)
        let harness = workload.harness
        let history = try RandomHistory(harness.logged, workload.clients)
        #expect(history.last == harness.core.lastProcessedZxid)
        try checkClients(workload.clients, history)
        checkExpiry(workload)
        checkTree(harness.core.tree, history.state(at: history.last))
        try checkReplay(harness)
    }

    @Test("the same seed gives the same log and the same replies")
    func determinism() {
        let runs = (0..<2).map { _ in
            let workload = RandomWorkload(seed: 77)
            workload.run(steps: 600)
            return workload
        }
        let logs = runs.map { $0.harness.logged.map(\.payloads.bytes) }
        #expect(logs[0] == logs[1])
        let frames = runs.map { $0.clients.map { $0.links.map(\.frames) } }
        #expect(frames[0] == frames[1])
    }

    private func checkClients(_ clients: [RandomClient], _ history: RandomHistory) throws {
        for client in clients {
            var seen = Zxid.zero
            var writes: [(order: Int, zxid: Zxid)] = []
            for link in client.links {
                for sent in link.sent {
                    let request = RandomHistory.Request(session: link.session, xid: sent.xid)
                    if let answer = history.answers[request] {
                        writes.append((sent.order, answer.zxid))
                    }
                }
                let before = seen
                var check = RandomLinkCheck(link, history) { sent in
                    let own = writes.last { $0.order < sent.order }?.zxid ?? .zero
                    return max(before, own)
                }
                try check.run()
                seen = max(seen, check.seen)
            }
        }
    }

    private func checkExpiry(_ workload: RandomWorkload) {
        for (client, silence) in workload.expired {
            #expect(silence >= Int64(client.timeoutMilliseconds))
        }
        for client in workload.clients where client.openLink == nil {
            #expect(workload.harness.core.sessions[client.session] == nil, "a session without end")
        }
    }

    private func checkTree(_ tree: DataTree, _ model: ModelTree) {
        tree.checkInvariants()
        for (path, node) in model.nodes {
            let found = path.withByteView { tree.find($0) }
            #expect(found.map { tree.stat(of: $0) } == node.stat, "\(path)")
            #expect(found.flatMap { tree.data(of: $0) }.map { Array($0) } == node.data, "\(path)")
        }
        // /zookeeper and its two are the server's own; the root counts twice.
        #expect(tree.nodeCount == model.nodes.count + 4)
    }

    private func checkReplay(_ harness: CoreHarness) throws {
        let replayed = DataTree()
        var observer = NoObserver()
        for batch in harness.logged {
            for entry in batch.entries {
                var reader = JuteReader(batch.payload(entry))
                let header = try reader.readTxnHeader()
                replayed.apply(header, try reader.readTxn(type: header.type), observer: &observer)
            }
        }
        #expect(replayed.dump() == harness.core.tree.dump())
    }
}
