import NIOCore
import ServerCore
import ZKWire
import Zab

// What the protocol wants, and what is told to it.
extension CoreLoop {
    /// Something happened on the ports of the ensemble.
    func tell(_ event: ZabEvent) {
        core.step(.zab(event), now: time(of: event), into: &effects)
        scheduleTurn()
    }

    /// Packets come many at a time: the clock is read once for those of a turn.
    private func time(of event: ZabEvent) -> Now {
        guard case .packet = event else { return .current() }
        let now = timeOfPackets ?? .current()
        timeOfPackets = now
        return now
    }

    /// In the order that `ZabEffects` gives.
    func carryOut(_ zab: inout ZabEffects) {
        handOver(&zab.append)
        for order in zab.storage { carryOut(order) }
        guard let ensemble else { return }
        for (server, notification) in zab.notify { ensemble.election.send(notification, to: server) }
        if let leader = zab.connect { ensemble.quorum.connect(to: leader) }
        for link in zab.output { ensemble.quorum.send(link) }
        for order in zab.stream { stream(order, ensemble) }
        for (link, _) in zab.close { ensemble.quorum.close(link) }
        for notice in zab.notices { note(notice) }
        ensemble.quorum.keepSearching(core.peer.role)
    }

    func handOver(_ batches: inout [TxnBatch]) {
        let isLeader = ensemble != nil && core.peer.role.isEstablishedLeader
        for batch in batches {
            log.append(batch)
            if isLeader { words.ensemble.noteProposals(batch) }
        }
        batches.removeAll(keepingCapacity: true)
    }

    private func note(_ notice: ZabNotice) {
        logger.log(notice)
        words.ensemble.note(notice, Now.current().monotonic)
    }

    private func stream(_ order: SyncOrder, _ ensemble: EnsemblePorts) {
        if order.isFirst { words.ensemble.noteStream(to: order.learner) }
        let isPaced = core.peer.role.isEstablishedLeader
        ensemble.quorum.stream(order, ensemble.streams, isPaced: isPaced) { [self] mode in
            note(.learnerSyncing(order.learner, mode, after: order.after))
        }
    }

    private func carryOut(_ order: StorageOrder) {
        switch order {
        case .writeEpochs(let epochs): log.send(.writeEpochs(epochs))
        case .truncate(let zxid, let rebuilds):
            snapshots.suspend()
            log.send(.truncate(to: zxid, rebuilds: rebuilds))
        case .install(let link, let zxid):
            feed(from: link) { .install(link, zxid: zxid, $0) }
        case .replaceTree(let link, let zxid):
            feed(from: link) { .replaceTree(link, zxid: zxid, $0) }
        }
    }

    private func feed(from link: LinkID, to message: (SnapshotFeed) -> LogThread.Message) {
        guard let feed = ensemble?.quorum.feed(of: link) else {
            return tell(.installFailed(link, reason: "the connection is gone"))
        }
        snapshots.suspend()
        log.send(message(feed))
    }

    func handle(_ report: LogThread.Report) {
        switch report {
        case .appended(let end, _):
            snapshots.noteAppended(end.zxid, chainChecksum: end.checksum)
            step(.zab(.appended(upTo: end.zxid)))
        case .epochsWritten(let epochs): step(.zab(.epochsWritten(epochs)))
        case .truncated(let end, let state):
            if let state { replaceTree(state) }
            step(.zab(.truncated(to: end.zxid)))
            snapshots.resume(at: end, self)
        case .installed(let link, let end, let origin, let state):
            replaceTree(state)
            step(.zab(.installed(link, zxid: end.zxid)))
            snapshots.resume(installed: end, origin, self)
            ensemble?.streams.use(origin)
            ensemble?.quorum.snapshotInstalled(link)
        case .treeReplaced(let link, let end, let state):
            replaceTree(state)
            step(.zab(.installed(link, zxid: end.zxid)))
            snapshots.resume(at: end, self)
            ensemble?.quorum.snapshotInstalled(link)
        case .installFailed(let link, let reason):
            logger.warning("the leader's snapshot was not taken: \(reason)")
            ensemble?.quorum.breakOff(link)
            step(.zab(.installFailed(link, reason: reason)))
            snapshots.resume(self)
        }
    }

    private func replaceTree(_ state: LoadedState) {
        ensemble?.describe(in: state.tree)
        step(.treeReplaced(state.tree))
    }
}
