import Resync
import Zab

// Streams from the disk (`SyncStreams`).
extension QuorumTwin {
    /// Reads what the learner lacks at once, and sends it bit by bit.
    func stream(_ order: SyncOrder) {
        guard let link = links[order.link] else {
            return life.tell(.streamFailed(order.link, reason: "the connection is gone"))
        }
        while let bytes = takeOutput(link) { write(bytes, link) }
        link.isStreaming = true
        var pieces: [[UInt8]] = []
        let result: Result<SyncPlan?, any Error> = Result {
            try sync.send(
                after: order.after, upTo: order.upTo, isFirst: order.isFirst,
                isTreeWanted: order.isTreeWanted
            ) {
                pieces.append([UInt8]($0))
            }
        }
        if case .success(let plan?) = result {
            life.run.figures.note(plan)
            life.run.moments.streaming(order.learner, life.id)
        }
        if holdsLog(result) { streamsSnapshot(true) }
        life.run.note(life.host, "streams to \(order.learner): \(result)")
        sendNext(pieces[...], order, result, link)
    }

    private func sendNext(
        _ pieces: ArraySlice<[UInt8]>, _ order: SyncOrder, _ result: Result<SyncPlan?, any Error>,
        _ link: QuorumLinkTwin
    ) {
        guard link.wire.isOpen else {
            link.isStreaming = false
            if holdsLog(result) { streamsSnapshot(false) }
            return life.tell(.streamFailed(order.link, reason: "the link is gone"))
        }
        life.after(.microseconds(chance.within(10...2000))) { [self] in
            guard let piece = pieces.first else { return endStream(order, result, link) }
            guard link.wire.isWritable else { return sendNext(pieces, order, result, link) }
            link.wire.send(.bytes(piece))
            sendNext(pieces.dropFirst(), order, result, link)
        }
    }

    private func endStream(
        _ order: SyncOrder, _ result: Result<SyncPlan?, any Error>, _ link: QuorumLinkTwin
    ) {
        link.isStreaming = false
        if holdsLog(result) { streamsSnapshot(false) }
        switch result {
        case .success(let plan):
            if plan != nil { life.run.moments.synchronizing(order.learner, life.id) }
            var upTo = order.upTo
            if case .snapshot(let zxid)? = plan { upTo = max(upTo, zxid) }
            life.tell(.streamed(order.link, upTo: upTo))
        case .failure(let error):
            life.tell(.streamFailed(order.link, reason: "\(error)"))
        }
        flush(link)
    }
}
