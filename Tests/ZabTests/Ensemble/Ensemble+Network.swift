// Connections between quorum ports, and the streams of a leader's history.

import Testing
import ZKWire
import Zab

extension Ensemble {
    // MARK: Connecting

    /// Tries again and again until another search begins.
    func search(_ server: SimulatedServer, for leader: ServerID) {
        server.search = leader
        let generation = server.generation
        attempt(server, leader, generation, triesLeft: 20)
    }

    private func attempt(
        _ server: SimulatedServer, _ leader: ServerID, _ generation: Int, triesLeft: Int
    ) {
        plan(after: linkDelay()) { [self] in
            guard server.generation == generation, server.search == leader else { return }
            let acceptor = self.server(leader)
            if acceptor.isUp, !isCut(server.id, leader), !isCut(leader, server.id) {
                server.search = nil
                connect(server, acceptor)
            } else if triesLeft == 0 {
                server.search = nil
                step(server, .leaderUnreachable(leader))
            } else {
                attempt(server, leader, generation, triesLeft: triesLeft - 1)
            }
        }
    }

    private func connect(_ learner: SimulatedServer, _ leader: SimulatedServer) {
        let connection = Connection(
            opener: .init(learner.id, learner.nextLink()),
            acceptor: .init(leader.id, leader.nextLink()))
        learner.connections[connection.opener.link] = connection
        leader.connections[connection.acceptor.link] = connection
        step(leader, .learnerArrived(connection.acceptor.link))
        step(learner, .leaderReached(connection.opener.link))
    }

    // MARK: Sending

    func linkDelay() -> Int64 {
        let tail = random.isLucky(oneIn: 60) ? 30 : 1
        return random.between(delayMicroseconds / 4, delayMicroseconds * 2) * 1000 * Int64(tail)
    }

    func send(_ link: Link, _ server: SimulatedServer) {
        link.outputTaken()
        let bytes = [UInt8](link.output.view)
        link.output.removeAll()
        guard let connection = server.connections[link.id] else { return }
        ghost.sends(bytes, server, isToLeader: connection.opener.server == server.id)
        post(.bytes(bytes), on: connection, from: server)
    }

    func post(_ item: Connection.Item, on connection: Connection, from server: SimulatedServer) {
        let target = connection.other(than: connection.end(of: server.id))
        target.queue.append(item)
        if !target.isPumping { schedulePump(connection, target) }
    }

    private func schedulePump(_ connection: Connection, _ end: Connection.End) {
        end.isPumping = true
        plan(after: linkDelay()) { [self] in
            end.isPumping = false
            pump(connection, end)
        }
    }

    /// What has arrived at this end is taken.
    func pump(_ connection: Connection, _ end: Connection.End) {
        guard end.isOpen, !end.isPumping, !end.queue.isEmpty else { return }
        let server = self.server(end.server)
        let sender = connection.other(than: end).server
        guard server.isUp else { return }
        if isCut(sender, end.server) { return schedulePump(connection, end) }
        switch end.queue[0] {
        case .snapshot(let content):
            end.queue.removeFirst()
            end.snapshot = content
            step(server, .progress(end.link))
            diskMayGoOn(server)
        case .bytes(let bytes):
            // Behind a snapshot everything waits until that is installed.
            guard !end.awaitsSnapshot else { return }
            end.queue.removeFirst()
            deliver(bytes, connection, end, server)
        }
        if end.isOpen, !end.isPumping, !end.queue.isEmpty { schedulePump(connection, end) }
    }

    private func deliver(
        _ bytes: [UInt8], _ connection: Connection, _ end: Connection.End,
        _ server: SimulatedServer
    ) {
        var rest: [UInt8] = []
        bytes.withByteView { view in
            var input = view
            do throws(DecodeError) {
                while end.isOpen, let packet = try end.decoder.next(&input) {
                    receive(packet, end, connection, server)
                    if packet.type == .snap, end === connection.opener {
                        end.awaitsSnapshot = true
                        rest = [UInt8](input)
                        break
                    }
                }
            } catch {
                Issue.record("a peer sent what cannot be decoded: \(error)")
            }
        }
        if !rest.isEmpty { end.queue.insert(.bytes(rest), at: 0) }
        endTurn(server)
        diskMayGoOn(server)
    }

    private func receive(
        _ packet: QuorumPacket, _ end: Connection.End, _ connection: Connection,
        _ server: SimulatedServer
    ) {
        guard let peer = server.peer else { return }
        let sender = peer.receive(packet, on: end.link, now: now, into: &server.effects)
        // The layer above answers a leader's PING.
        if sender != nil, packet.type == .ping, end === connection.opener {
            peer.sendToLeader(into: &server.effects) { $0.writePing(packet.zxid, touches: []) }
        }
    }

    // MARK: Closing

    /// A server closes one of its links.
    func close(_ link: LinkID, _ reason: LinkCloseReason, _ server: SimulatedServer) {
        ghost.closes(reason, server)
        guard let connection = server.connections.removeValue(forKey: link) else { return }
        closed(connection, by: server)
        diskMayGoOn(server)
    }

    /// The other side comes to know of it after everything that was sent.
    func closed(_ connection: Connection, by server: SimulatedServer) {
        let end = connection.end(of: server.id)
        end.isOpen = false
        let other = connection.other(than: end)
        guard other.isOpen else { return }
        noticeClose(connection, other)
    }

    private func noticeClose(_ connection: Connection, _ end: Connection.End) {
        plan(after: linkDelay()) { [self] in
            guard end.isOpen else { return }
            let other = connection.other(than: end).server
            let mayStillCome = !end.queue.isEmpty && !end.awaitsSnapshot
            if mayStillCome || isCut(other, end.server) { return noticeClose(connection, end) }
            lose(connection, end)
        }
    }

    private func lose(_ connection: Connection, _ end: Connection.End) {
        end.isOpen = false
        let server = self.server(end.server)
        guard server.connections.removeValue(forKey: end.link) != nil else { return }
        step(server, .linkClosed(end.link))
        diskMayGoOn(server)
    }

    /// The network breaks a connection: what was under way is lost.
    func reset(_ connection: Connection) {
        for end in [connection.opener, connection.acceptor] where end.isOpen {
            end.queue.removeAll()
            lose(connection, end)
        }
    }

    // MARK: Streams

    /// Stands in for `LearnerSync`.
    func stream(_ order: SyncOrder, _ server: SimulatedServer) {
        let generation = server.generation
        plan(after: random.between(200, 20_000) * 1000) { [self] in
            guard server.generation == generation else { return }
            guard let connection = server.connections[order.link] else {
                return step(server, .streamFailed(order.link, reason: "the link is gone"))
            }
            var after = order.after
            if order.isFirst { after = beginStream(order, connection, server) }
            let output = ByteWriter()
            for record in server.store.records where record.zxid > after {
                guard record.zxid <= order.upTo else { break }
                record.payload.withByteView { output.writeProposal(record.zxid, payload: $0) }
                output.writeCommit(record.zxid)
            }
            if output.count > 0 { post(.bytes([UInt8](output.view)), on: connection, from: server) }
            step(server, .streamed(order.link, upTo: max(order.upTo, after)))
        }
    }

    private func beginStream(
        _ order: SyncOrder, _ connection: Connection, _ server: SimulatedServer
    ) -> Zxid {
        let output = ByteWriter()
        let store = server.store
        var after = order.after
        var snapshot: [Record]?
        if order.after < store.logBase {
            after = store.logBase
            snapshot = store.prefix(through: after)
            output.writePacket(.snap, after)
            ghost.count("snap")
        } else if store.contains(order.after) || order.after == .zero {
            output.writePacket(.diff, order.upTo)
            ghost.count("diff from the disk")
        } else {
            after = store.prefix(through: order.after).last?.zxid ?? .zero
            output.writePacket(.trunc, after)
            ghost.count("trunc from the disk")
        }
        post(.bytes([UInt8](output.view)), on: connection, from: server)
        if let snapshot { post(.snapshot(snapshot), on: connection, from: server) }
        return after
    }
}
