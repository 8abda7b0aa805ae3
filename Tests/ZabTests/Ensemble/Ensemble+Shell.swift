// What the shell of a server does with the effects: disk, election port, quorum port.

import Testing
import ZKWire
import Zab

extension Ensemble {
    func carryOut(_ effects: inout ZabEffects, _ server: SimulatedServer) {
        for batch in effects.append {
            let records = batch.entries.map {
                Record(zxid: $0.zxid, payload: [UInt8](batch.payload($0)))
            }
            server.jobs.append(.append(records))
        }
        for order in effects.storage {
            switch order {
            case .writeEpochs(let epochs): server.jobs.append(.writeEpochs(epochs))
            case .truncate(let zxid, let rebuilds):
                server.jobs.append(.truncate(to: zxid, rebuilds: rebuilds))
            case .install(let link, let zxid): server.jobs.append(.install(link, zxid: zxid))
            case .replaceTree: preconditionFailure("no tree here differs")
            }
        }
        runDisk(server)
        for (to, notification) in effects.notify { notify(server, to, notification) }
        for notice in effects.notices { take(notice, server) }
        for link in effects.output { send(link, server) }
        for (link, reason) in effects.close { close(link, reason, server) }
        for order in effects.stream { stream(order, server) }
        if let leader = effects.connect { search(server, for: leader) }
    }

    private func take(_ notice: ZabNotice, _ server: SimulatedServer) {
        note("\(server.id): \(notice)")
        switch notice {
        case .leading(let epoch): ghost.leads(server, epoch)
        case .looking, .elected, .established, .following, .synced, .learnerSyncing, .learnerSynced,
            .learnerLost, .waitsForSync, .closed:
            break
        }
    }

    // MARK: Disk

    private func runDisk(_ server: SimulatedServer) {
        guard !server.isDiskBusy, let job = server.jobs.first else { return }
        if case .install(let link, let zxid) = job {
            return runInstall(server, link, zxid)
        }
        server.isDiskBusy = true
        let generation = server.generation
        let delay = random.between(50, server.isDiskSlow ? 60_000 : 2_000) * 1000
        plan(after: delay) { [self] in
            guard server.generation == generation else { return }
            server.isDiskBusy = false
            let job = server.jobs.removeFirst()
            finish(job, server)
            runDisk(server)
        }
    }

    private func finish(_ job: StorageJob, _ server: SimulatedServer) {
        switch job {
        case .append(let records):
            for record in records { ghost.appends(record, server) }
            server.store.records += records
            note("\(server.id) has \(server.store.last)")
            step(server, .appended(upTo: server.store.last))
        case .writeEpochs(let epochs):
            ghost.writes(epochs, server)
            server.store.epochs = epochs
            step(server, .epochsWritten(epochs))
        case .truncate(let zxid, let rebuilds):
            #expect(zxid >= server.store.logBase, "the log begins after \(server.store.logBase)")
            server.store.records = server.store.prefix(through: zxid)
            #expect(server.store.last == zxid, "truncated to \(zxid)")
            ghost.shortened(server, servers)
            if rebuilds {
                server.tree = server.store.records
                server.comparedCount = 0
            }
            step(server, .truncated(to: zxid))
        case .install, .replaceTree: break
        }
    }

    /// A snapshot arrives: carried out when all of it has come, or the link is gone.
    func runInstall(_ server: SimulatedServer, _ link: LinkID, _ zxid: Zxid) {
        guard let connection = server.connections[link] else {
            server.jobs.removeFirst()
            step(server, .installFailed(link, reason: "the link is gone"))
            return runDisk(server)
        }
        guard let content = connection.end(of: server.id).snapshot else { return }
        server.isDiskBusy = true
        let generation = server.generation
        plan(after: random.between(1, 30) * Ensemble.millisecond) { [self] in
            guard server.generation == generation else { return }
            server.isDiskBusy = false
            server.jobs.removeFirst()
            server.store.records = content
            server.store.logBase = zxid
            ghost.shortened(server, servers)
            server.tree = content
            server.comparedCount = 0
            note("\(server.id) installed \(zxid)")
            step(server, .installed(link, zxid: zxid))
            let end = connection.end(of: server.id)
            end.awaitsSnapshot = false
            end.snapshot = nil
            runDisk(server)
            pump(connection, end)
        }
    }

    func diskMayGoOn(_ server: SimulatedServer) {
        if case .install(let link, let zxid)? = server.jobs.first, !server.isDiskBusy {
            runInstall(server, link, zxid)
        }
    }

    // MARK: Election port

    private func messageDelay() -> Int64 {
        let mean = delayMicroseconds
        let tail = random.isLucky(oneIn: 50) ? 20 : 1
        return random.between(mean / 4, mean * 2) * 1000 * Int64(tail)
    }

    func isCut(_ from: ServerID, _ to: ServerID) -> Bool { cuts.contains([from, to]) }

    func connectElection(_ one: SimulatedServer, _ other: SimulatedServer) {
        guard !isCut(one.id, other.id), !isCut(other.id, one.id) else { return }
        for (server, peer) in [(one, other), (other, one)] {
            plan(after: messageDelay()) { [self] in
                guard server.isUp, peer.isUp else { return }
                step(server, .electionLink(peer.id, isUp: true))
            }
        }
    }

    func loseElectionLink(_ server: SimulatedServer, _ other: ServerID) {
        plan(after: messageDelay()) { [self] in
            step(server, .electionLink(other, isUp: false))
        }
    }

    private func notify(
        _ server: SimulatedServer, _ to: ServerID, _ notification: Notification
    ) {
        ghost.says(notification, server)
        let key = [server.id, to]
        let at = max(time + messageDelay(), electionClocks[key] ?? 0)
        electionClocks[key] = at
        let receiver = self.server(to)
        let generation = receiver.generation
        agenda.plan(at: at) { [self] in
            guard receiver.isUp, receiver.generation == generation, !isCut(server.id, to) else {
                return
            }
            step(receiver, .notification(notification))
        }
    }
}
