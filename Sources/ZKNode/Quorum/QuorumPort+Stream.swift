import NIOCore
import ZKWire
import Zab

// History that goes to a learner from the disk.
extension QuorumPort {
    /// Begins a stream; the protocol's own output waits until it has ended.
    /// - Parameters:
    ///   - isPaced: others are served meanwhile.
    ///   - began: told how, when it has ended well.
    func stream(
        _ order: SyncOrder, _ streams: SyncStreams, isPaced: Bool,
        _ began: @escaping @Sendable (SyncMode) -> Void
    ) {
        guard let link = links[order.link] else {
            return report(.streamFailed(order.link, reason: "the connection is gone"))
        }
        // All that was said before, whatever the socket takes: it is little.
        while let buffer = link.takeOutput() { link.channel.writeAndFlush(buffer, promise: nil) }
        link.isStreaming = true
        streams.start(order, link.channel, isPaced: isPaced) { [self] result in
            link.isStreaming = false
            switch result {
            case .success(let outcome):
                if let mode = outcome.mode { began(mode) }
                report(.streamed(order.link, upTo: outcome.upTo))
            case .failure(let failure):
                report(.streamFailed(order.link, reason: failure.description))
            }
            flush(link)
        }
    }
}
