import ZKWire
import Zab

/// A connection between two quorum ports: what is sent arrives in order, or not at all.
final class Connection {
    enum Item {
        case bytes([UInt8])
        /// A whole snapshot: what it holds.
        case snapshot([Record])
    }

    /// One of the two ends.
    final class End {
        let server: ServerID
        let link: LinkID
        /// What has not arrived here.
        var queue: [Item] = []
        var isPumping = false
        var decoder = QuorumPacketDecoder()
        /// A snapshot is being received: its content when it has come, then what came behind it.
        var awaitsSnapshot = false
        var snapshot: [Record]?
        var isOpen = true

        init(_ server: ServerID, _ link: LinkID) {
            self.server = server
            self.link = link
        }
    }

    /// Who opened it: the learner.
    let opener: End
    let acceptor: End

    init(opener: End, acceptor: End) {
        self.opener = opener
        self.acceptor = acceptor
    }

    func end(of server: ServerID) -> End { server == opener.server ? opener : acceptor }
    func other(than end: End) -> End { end === opener ? acceptor : opener }
}
