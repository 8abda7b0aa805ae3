// The election port (`ElectionPort`): one connection to each other server. Of two servers the one with
// the higher id makes it; the other one knocks.

import ZKWire
import Zab

final class ElectionTwin {
    private final class Peer {
        let id: ServerID
        let isDialled: Bool
        var link: Socket?
        var linkedAt = Int64(0)
        var isDialling = false
        var lastDial = -Int64(10_000_000_000)
        var backoff = ElectionTwin.minimumBackoff
        var isRetryPlanned = false
        var waiting: Zab.Notification?

        init(_ id: ServerID, isDialled: Bool) {
            self.id = id
            self.isDialled = isDialled
        }
    }

    private static let minimumBackoff = Span.milliseconds(10)
    private static let maximumBackoff = Span.seconds(1)
    private static let connectTimeout = Span.seconds(2)
    private static let knockInterval = Span.seconds(1)

    private let life: Life
    private let repairs: RepairDeskTwin
    private var peers: [ServerID: Peer] = [:]
    private let order: [ServerID]

    init(_ life: Life) {
        self.life = life
        let service = RepairServiceTwin(life)
        repairs = RepairDeskTwin(life.run, life.id) { service.answer($0, $1) }
        let others = life.run.options.members.filter { $0 != life.id }
        let isObserver = life.run.options.isObserver(life.id)
        // Observers do not ask each other.
        order = others.filter { !isObserver || !life.run.options.isObserver($0) }
        for id in order { peers[id] = Peer(id, isDialled: life.id > id) }
    }

    private var now: Int64 { life.run.now }
    private func host(_ id: ServerID) -> Host { Host(number: Int(id.rawValue)) }

    func start() { for id in order { dial(id) } }

    // MARK: Notifications

    func send(_ notification: Zab.Notification, to server: ServerID) {
        guard let peer = peers[server] else { return }
        life.ghost.notifies(notification, by: life.id)
        guard let link = peer.link, link.isWritable else {
            peer.waiting = notification
            return
        }
        peer.waiting = nil
        link.send(.notification(notification))
    }

    private func becameWritable(_ peer: Peer) {
        guard let link = peer.link, let waiting = peer.waiting else { return }
        peer.waiting = nil
        let isOutdated = waiting.state == .looking && life.core.peer.role != .looking
        if !isOutdated { link.send(.notification(waiting)) }
    }

    // MARK: Connections

    private func dial(_ id: ServerID) {
        guard let peer = peers[id], !peer.isDialling else { return }
        peer.isDialling = true
        peer.lastDial = now
        life.network.connect(
            life.host, to: host(id), .election, timeout: ElectionTwin.connectTimeout
        ) { [self] wire in
            guard life.isAlive else {
                wire?.close()
                return
            }
            life.enter { [self] in
                peer.isDialling = false
                if let wire { reached(peer, wire) } else { unreachable(peer) }
            }
        }
    }

    private func reached(_ peer: Peer, _ wire: Socket) {
        wire.send(.hello(life.host.number))
        if peer.isDialled { return adopt(wire, peer) }
        // A knock: closed by the other server.
        life.after(.seconds(2)) { wire.close() }
        dialLater(peer)
    }

    private func unreachable(_ peer: Peer) {
        if peer.link == nil {
            life.tell(.electionLink(peer.id, isUp: false))
        }
        dialLater(peer)
    }

    private func dialLater(_ peer: Peer) {
        guard peer.link == nil, !peer.isRetryPlanned else { return }
        peer.isRetryPlanned = true
        let wait = peer.backoff
        peer.backoff = min(wait * 2, ElectionTwin.maximumBackoff)
        life.after(wait) { [self] in
            peer.isRetryPlanned = false
            if peer.link == nil { dial(peer.id) }
        }
    }

    /// Somebody connected.
    func arrived(_ wire: Socket) {
        let repair = RepairConnectionTwin(repairs, wire)
        wire.own { [self] payload in
            switch payload {
            case .hello(let number): life.enter { [self] in identified(number, wire) }
            case .bytes(let bytes): life.enter { repair.received(bytes) }
            case .notification: break
            }
        } ended: {
        }
    }

    private func identified(_ number: Int, _ wire: Socket) {
        guard let peer = peers[ServerID(rawValue: Int64(number))] else { return wire.close() }
        guard peer.isDialled else { return adopt(wire, peer) }
        wire.close()
        let wait =
            peer.link == nil ? ElectionTwin.minimumBackoff : ElectionTwin.knockInterval
        if now - peer.lastDial >= wait.nanoseconds { dial(peer.id) }
    }

    private func adopt(_ wire: Socket, _ peer: Peer) {
        let replaced = peer.link
        peer.link = wire
        peer.linkedAt = now
        replaced?.close()
        wire.own { [self] payload in
            guard case .notification(let notification) = payload else { return }
            life.enter { [self] in
                if peer.link === wire { life.tell(.notification(notification)) }
            }
        } ended: { [self] in
            life.enter { [self] in lost(wire, peer) }
        }
        wire.drained = { [self] in life.enter { [self] in becameWritable(peer) } }
        becameWritable(peer)
        life.tell(.electionLink(peer.id, isUp: true))
    }

    private func lost(_ wire: Socket, _ peer: Peer) {
        guard peer.link === wire else { return }
        peer.link = nil
        if now - peer.linkedAt >= 1_000_000_000 { peer.backoff = ElectionTwin.minimumBackoff }
        life.tell(.electionLink(peer.id, isUp: false))
        dialLater(peer)
    }
}
