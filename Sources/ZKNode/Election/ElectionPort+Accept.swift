import NIOCore
import ZKWire

// Connections that others made.
extension ElectionPort {
    func arrived(_ channel: any Channel) {
        guard reports != nil else { return channel.close(promise: nil) }
        arrivals.add(channel)
    }

    /// - Returns: the server, if the connection stays.
    func identified(_ message: ElectionInitialMessage, _ channel: any Channel) -> ElectionPeer? {
        arrivals.remove(channel)
        let place = channel.remoteAddress?.ipAddress ?? "unknown"
        guard let peer = peers[message.server] else {
            if message.server == settings.own {
                logger.warning(
                    "\(place) connected with this server's own id, \(settings.own): is myid right?")
            } else {
                logger.debug("\(place) connected as server \(message.server), which is none of ours")
            }
            channel.close(promise: nil)
            return nil
        }
        guard !peer.isDialled else {
            channel.close(promise: nil)
            knocked(peer)
            return nil
        }
        adopt(channel, peer)
        return peer
    }

    /// A server with a lower id wants a connection: it has none, or does not know that it has.
    private func knocked(_ peer: ElectionPeer) {
        let wait = peer.link == nil ? peer.backoff.minimum : ElectionPort.knockInterval
        guard NIODeadline.now() - peer.lastDial >= wait else { return }
        dial(peer)
    }

    /// - Returns: nil, and the connection is closed, where nobody answers.
    func beginRepair(_ channel: any Channel) -> RepairConnection? {
        arrivals.remove(channel)
        guard let desk else {
            channel.close(promise: nil)
            return nil
        }
        return RepairConnection(desk, channel)
    }

    func refuse(_ channel: any Channel, _ reason: String) {
        let place = channel.remoteAddress?.ipAddress ?? "unknown"
        logger.debug("closed an election connection of \(place): \(reason)")
        channel.close(promise: nil)
    }
}
