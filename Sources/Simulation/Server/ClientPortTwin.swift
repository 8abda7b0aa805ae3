import ServerCore
import ZKWire

/// The client port (`ClientListener`, `ClientHandler`): bytes to the core and from it.
final class ClientPortTwin {
    private unowned let process: ServerProcess
    private var sockets: [ConnectionID: Socket] = [:]
    private var lastConnection: UInt64 = 0
    /// What has come by connections that are not read at present, or have not been again yet.
    private var unread: [ConnectionID: [[UInt8]]] = [:]
    private var isNotRead: Set<ConnectionID> = []

    init(_ process: ServerProcess) { self.process = process }

    func arrived(_ wire: Socket) {
        process.enter { [self] in
            lastConnection += 1
            let id = ConnectionID(rawValue: lastConnection)
            sockets[id] = wire
            process.step(
                .connectionOpened(
                    id, address: PeerAddress(host: "10.0.0.\(wire.remote.number)", port: 1)))
            wire.own { [self] payload in
                guard case .bytes(let bytes) = payload else { return }
                process.enter { [self] in received(bytes, id) }
            } ended: { [self] in
                process.enter { [self] in closed(id) }
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
        bytes.withByteView { process.step(.bytesReceived(id, $0)) }
        if !process.effects.zab.append.isEmpty { process.handOver(&process.effects.zab.append) }
        process.scheduleTurn()
    }

    private func closed(_ id: ConnectionID) {
        guard sockets.removeValue(forKey: id) != nil else { return }
        unread[id] = nil
        isNotRead.remove(id)
        process.step(.connectionClosed(id))
        process.scheduleTurn()
    }

    func send(_ connection: Connection) {
        guard let wire = sockets[connection.id] else { return connection.output.removeAll() }
        if connection.output.count > 0 {
            wire.send(.bytes(connection.output.bytes))
            connection.output.removeAll()
        }
        if connection.isHeldBack { process.step(.outputDrained(connection.id)) }
    }

    func closeAfterOutput(_ id: ConnectionID) {
        guard let wire = sockets[id] else { return }
        if let connection = process.core.connections[id] { send(connection) }
        wire.close()
        // The shell hears of the end of its own channel as of any other.
        process.after(.microseconds(5)) { [self] in closed(id) }
    }

    func setReading(_ id: ConnectionID, _ isReading: Bool) {
        guard isReading else {
            isNotRead.insert(id)
            return
        }
        isNotRead.remove(id)
        process.after(.microseconds(5)) { [self] in catchUp(id) }
    }

    private func catchUp(_ id: ConnectionID) {
        while !isNotRead.contains(id), process.isAlive, let first = unread[id]?.first {
            unread[id]?.removeFirst()
            handle(first, id)
        }
        if unread[id]?.isEmpty == true { unread[id] = nil }
    }
}
