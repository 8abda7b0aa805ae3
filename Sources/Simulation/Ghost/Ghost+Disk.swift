import Recovery
import Resync
import Storage
import TxnLog
import ZKWire
import Zab

// What the disks have, and have to have.
extension Ghost {
    package func truncates(to zxid: Zxid, _ id: ServerID) {
        let server = of(id)
        run.figures.truncations += 1
        expect(server.contains(zxid), "P-17", "server \(id) is cut at \(zxid), which it lacks")
        if server.uncut == nil { server.uncut = server.entries }
        server.cutTarget = zxid
        for gone in server.entries[server.index(after: zxid)...] {
            expect(
                !committed.reversed().prefix { $0 >= gone }.contains(gone), "P-17",
                "server \(id) cuts \(gone), which is delivered")
        }
        server.entries.removeSubrange(server.index(after: zxid)...)
    }

    /// The log's thread has done something, and has not told it yet.
    package func logDid(_ report: LogReport, at id: ServerID) {
        let server = of(id)
        switch report {
        case .appended(let end):
            expect(
                server.contains(end.zxid), "P-11",
                "the log of server \(id) has \(end.zxid), which it was not given")
            server.durable = max(server.durable, end.zxid)
        case .epochsWritten(let epochs):
            let before = server.epochs.current
            note(epochs, server)
            if epochs.current > before { checkHistory(of: server) }
        case .truncated(let end, _):
            expect(
                end.zxid == server.cutTarget, "P-17",
                "server \(id) was to be cut at \(String(describing: server.cutTarget)), ends at \(end)")
            server.uncut = nil
            server.durable = min(server.durable, end.zxid)
        case .installed(_, let end, _, _):
            expect(
                end.zxid >= server.delivered, "P-17",
                "server \(id) takes a snapshot as of \(end.zxid)")
            server.base = end.zxid
            server.entries = []
            server.uncut = nil
            server.durable = end.zxid
            run.figures.installs += 1
        case .treeReplaced: break
        case .installFailed: run.figures.failedInstalls += 1
        }
        checkQuorum("\(id) \(report)")
    }

    private func note(_ epochs: Epochs, _ server: GhostServer) {
        expect(
            epochs.accepted >= server.epochs.accepted && epochs.current >= server.epochs.current
                && epochs.current <= epochs.accepted, "P-14",
            "server \(server.id): \(epochs) after \(server.epochs)")
        let isNew = epochs.current > server.epochs.current
        if isNew, initialEnds[epochs.current] == nil { initialEnds[epochs.current] = server.last }
        server.epochs = epochs
        if epochs.current.rawValue > 0 { server.isBlank = false }
    }

    /// P-15: who says that it is in an epoch has the epoch's initial history. P-12: what two servers
    /// of one epoch have of it is the same, as far as it goes.
    func checkHistory(of server: GhostServer) {
        guard server.mayVote else { return }
        let epoch = server.epochs.current
        if let end = initialEnds[epoch] {
            expect(
                server.hasDurably(end), "P-15",
                "server \(server.id) is in epoch \(epoch) without \(end)")
        }
        for other in order where other !== server && other.epochs.current == epoch {
            let common = min(server.last(upTo: epoch), other.last(upTo: epoch))
            expect(
                server.contains(common) && other.contains(common), "P-12",
                "servers \(server.id) and \(other.id) differ in epoch \(epoch) at \(common)")
        }
    }

    /// A process has ended.
    package func died(_ id: ServerID) { coverage.died(id, at: order.map(\.id)) }

    /// Its disk is an empty one.
    package func wiped(_ id: ServerID) { of(id).reset() }

    /// Everybody begins with this: a snapshot of nothing, as of `zxid`.
    package func begin(at zxid: Zxid, _ epochs: Epochs) {
        for server in order {
            server.base = zxid
            server.durable = zxid
            server.delivered = zxid
            server.epochs = epochs
            server.isBlank = false
        }
        model.begin(at: zxid)
    }

    /// A start has found this on the disk.
    /// - Parameter isDamaged: what was not needed for the start may not be readable.
    func recovered(
        _ state: RecoveredState<SimulatedDisk>, _ id: ServerID, isDamaged: Bool = false
    ) {
        let server = of(id)
        guard let record = state.meta.record else { return }
        let epochs = Epochs(record)
        if server.hasLostPromises { startsWithoutPromises(id, epochs) }
        note(epochs, server)
        server.isBlank = state.isBlank
        let start = isDamaged ? state.report.snapshot?.zxid : nil
        let found = readLog(state.log, after: start ?? state.log.startsAfter)
        if epochs.isRecovering {
            // It begins with nothing, and nobody counts on it.
            server.delivered = .zero
            server.position = 0
            server.base = state.log.startsAfter
            server.entries = found
        } else if server.isRepairing {
            isRepaired(id, with: found, after: start ?? state.log.startsAfter)
        } else {
            adopt(found, after: start ?? state.log.startsAfter, id)
        }
        server.isRepairing = false
        server.uncut = nil
        server.durable = state.log.lastZxid
        checkQuorum("the start of server \(id)")
        checkTree(state.tree, of: id, "P-21")
    }

    private func readLog(_ log: TxnLog<SimulatedDisk>, after start: Zxid) -> [Zxid] {
        var found: [Zxid] = []
        do {
            try log.replay(after: start) { zxid, payload in
                found.append(zxid)
                expect(
                    hashes[zxid] == GhostModel.hash(payload), "P-02", "the disk has another \(zxid)")
            }
        } catch {
            fail("S-01", "the log cannot be read: \(error)")
        }
        return found
    }

    /// What was found is a beginning of what was handed over, at least all that was durable. If a cut
    /// was under way, some of what it takes away may be gone: segments go one by one, the last first.
    package func adopt(_ found: [Zxid], after start: Zxid, _ id: ServerID) {
        let server = of(id)
        let end = found.last ?? start
        var candidates = [(entries: server.entries, floor: server.last)]
        if let uncut = server.uncut { candidates.append((uncut, server.cutTarget ?? server.last)) }
        for (candidate, floor) in candidates {
            let expected = candidate.filter { $0 > start && $0 <= end }
            let floor = min(server.durable, floor)
            guard expected == found, end >= floor else { continue }
            server.entries = candidate.filter { $0 <= end }
            return
        }
        fail(
            "P-11",
            """
            server \(server.id) found \(start) to \(end), \(found.count) records; \
            \(server.durable) was durable of \(server.last)
            """)
    }
}
