import NIOCore
import ZKWire
import Zab

/// One connection of the quorum port, as the shell sees it; the protocol has its own `Link` of the
/// same number.
// SAFETY: `@unchecked`: confined to the core's event loop.
final class QuorumLink: @unchecked Sendable {
    /// What the bytes that come are.
    enum Input {
        case packets
        /// A snapshot, and behind it what is kept until that is installed.
        case snapshot(SnapshotFeed)
    }

    let id: LinkID
    let channel: any Channel
    /// This server connected to a leader, so that a SNAP may come.
    let isToLeader: Bool
    var decoder: QuorumPacketDecoder
    var input = Input.packets
    /// Nothing has come yet: it may be anybody.
    var isUnknown: Bool
    /// What the protocol wants to be sent, as far as the socket has not taken it.
    var output: Link?
    /// Output had to wait for the socket.
    var isBehind = false
    /// History from the disk goes out: the output waits.
    var isStreaming = false

    init(
        _ id: LinkID, _ channel: any Channel, isToLeader: Bool, limits: QuorumPacketLimits
    ) {
        self.id = id
        self.channel = channel
        self.isToLeader = isToLeader
        isUnknown = !isToLeader
        decoder = QuorumPacketDecoder(limits: limits)
    }

    /// What the socket can have of the output now.
    func takeOutput() -> ByteBuffer? {
        guard let output = output?.output, output.count > 0 else { return nil }
        // A part of a long one, so that the protocol sees what the learner has not taken; not too
        // small a part, because the rest is moved.
        let count = min(output.count, max(QuorumLink.sliceBytes, output.count / 8))
        var buffer = channel.allocator.buffer(capacity: count)
        buffer.writeBytes(output.view[view: 0..<count])
        output.removeFirst(count)
        output.shrink(to: QuorumLink.sliceBytes)
        return buffer
    }

    private static let sliceBytes = 1 << 20
}
