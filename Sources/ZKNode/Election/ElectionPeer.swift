import NIOCore
import ZKWire
import Zab

/// What the election port knows of one other server.
// SAFETY: `@unchecked`: confined to the core's event loop.
final class ElectionPeer: @unchecked Sendable {
    let id: ServerID
    /// Of each two servers the one with the higher id makes the connection that stays. The other
    /// only knocks: it connects, says who it is and is connected back.
    let isDialled: Bool
    var endpoint: PeerEndpoint
    /// The connection that stands.
    private(set) var link: (any Channel)?
    private(set) var linkedAt = NIODeadline.uptimeNanoseconds(0)
    var isDialling = false
    var lastDial = NIODeadline.uptimeNanoseconds(0)
    var backoff = Backoff(.milliseconds(10), upTo: .seconds(1))
    var retry: Scheduled<Void>?
    /// The last notification, if the connection could not take it: earlier ones are of no interest.
    var waiting: Zab.Notification?

    init(_ id: ServerID, isDialled: Bool, _ endpoint: PeerEndpoint) {
        self.id = id
        self.isDialled = isDialled
        self.endpoint = endpoint
    }

    /// - Returns: the connection that this one takes the place of.
    func adopt(_ channel: any Channel) -> (any Channel)? {
        let replaced = link
        link = channel
        linkedAt = .now()
        retry?.cancel()
        retry = nil
        return replaced
    }

    /// - Returns: false if it was not the connection that stands.
    func lose(_ channel: any Channel) -> Bool {
        guard let link, link === channel else { return false }
        self.link = nil
        // One that breaks at once is not taken for a server that was there until now.
        if NIODeadline.now() - linkedAt >= .seconds(1) { backoff.reset() }
        return true
    }
}
