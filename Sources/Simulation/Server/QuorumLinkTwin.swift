import ZKWire
import Zab

/// One connection, as the shell has it.
final class QuorumLinkTwin {
    enum Input {
        case packets
        case snapshot(FeedTwin)
    }

    let id: LinkID
    let wire: Socket
    let isToLeader: Bool
    var decoder = QuorumPacketDecoder()
    var input = Input.packets
    var output: Link?
    var isBehind = false
    var isStreaming = false
    /// Reads along what goes to a leader, for the checks.
    var tap = QuorumPacketDecoder()

    init(_ id: LinkID, _ wire: Socket, isToLeader: Bool) {
        self.id = id
        self.wire = wire
        self.isToLeader = isToLeader
    }
}
