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
        guard message.version != nil else {
            logger.warning(
                """
                refused server \(peer.id) at \(place): it speaks the election protocol of Apache \
                ZooKeeper 3.4; \(ElectionInitialMessage.known). Bring that server to 3.8 or later: \
                docs/operating/migrating-from-apache.md#versions
                """)
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
        guard let desk else {
            channel.close(promise: nil)
            return nil
        }
        return RepairConnection(desk, channel) { [arrivals] in arrivals.remove(channel) }
    }

    /// What cannot be read is nobody's affair, unless it is a member that speaks something else.
    func refuse(_ channel: any Channel, _ error: DecodeError) {
        let place = channel.remoteAddress?.ipAddress ?? "unknown"
        let isForeign = if case .foreign = error.reason { true } else { false }
        logger.log(
            level: isForeign ? .warning : .debug,
            "closed an election connection of \(place): \(error)")
        channel.close(promise: nil)
    }
}
