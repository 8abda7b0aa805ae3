import ServerCore
import ZKWire

/// The client port (`ClientListener`, `ClientHandler`): bytes to the core and from it.
final class ClientPortTwin {
    private let life: Life
    /// A turn that brings much is not kept from the log until it ends.
    var handOver: () -> Void = {}
    private var sockets: [ConnectionID: Socket] = [:]
    private var lastConnection: UInt64 = 0
    /// What has come by connections that are not read at present, or have not been again yet.
    private var unread: [ConnectionID: [[UInt8]]] = [:]
    private var isNotRead: Set<ConnectionID> = []

    init(_ life: Life) { self.life = life }

    func arrived(_ wire: Socket) {
        life.enter { [self] in
            lastConnection += 1
            let id = ConnectionID(rawValue: lastConnection)
            sockets[id] = wire
            life.step(
                .connectionOpened(
                    id, address: PeerAddress(host: "10.0.0.\(wire.remote.number)", port: 1)))
            wire.own { [self] payload in
                guard case .bytes(let bytes) = payload else { return }
                life.enter { [self] in received(bytes, id) }
            } ended: { [self] in
                life.enter { [self] in closed(id) }
            }
        }
    }

    private func received(_ bytes: [UInt8], _ id: ConnectionID) {
        guard sockets[id] != nil else { return }
        if isNotRead.contains(id) || unread[id] != nil {
            unread[id, default: []].append(bytes)
        } else {
            handle(bytes, id)
        }
    }

    private func handle(_ bytes: [UInt8], _ id: ConnectionID) {
        if let session = life.core.connections[id]?.session, session != .none {
            life.ghost.sessions.heard(session, at: life.id, life.now.monotonic)
        }
        bytes.withByteView { life.step(.bytesReceived(id, $0)) }
        if !life.effects.zab.append.isEmpty { handOver() }
        life.scheduleTurn()
    }

    private func closed(_ id: ConnectionID) {
        guard sockets.removeValue(forKey: id) != nil else { return }
        unread[id] = nil
        isNotRead.remove(id)
        life.step(.connectionClosed(id))
        life.scheduleTurn()
    }

    func send(_ connection: Connection) {
        guard let wire = sockets[connection.id] else { return connection.output.removeAll() }
        if connection.output.count > 0 {
            wire.send(.bytes(connection.output.bytes))
            connection.output.removeAll()
        }
        if connection.isHeldBack { life.step(.outputDrained(connection.id)) }
    }

    func closeAfterOutput(_ id: ConnectionID) {
        guard let wire = sockets[id] else { return }
        if let connection = life.core.connections[id] { send(connection) }
        wire.close()
        // The shell hears of the end of its own channel as of any other.
        life.after(.microseconds(5)) { [self] in closed(id) }
    }

    func setReading(_ id: ConnectionID, _ isReading: Bool) {
        guard isReading else {
            isNotRead.insert(id)
            return
        }
        isNotRead.remove(id)
        life.after(.microseconds(5)) { [self] in catchUp(id) }
    }

    private func catchUp(_ id: ConnectionID) {
        while !isNotRead.contains(id), life.isAlive, let first = unread[id]?.first {
            unread[id]?.removeFirst()
            handle(first, id)
        }
        if unread[id]?.isEmpty == true { unread[id] = nil }
    }
}
