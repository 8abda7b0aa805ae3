// The record that no server has: what was proposed, delivered, durable and acknowledged by whom. After
// each step of each server it is held against the properties P-01 to P-21 of Zab.

import DataTree
import Recovery
import Resync
import ServerCore
import Storage
import TxnLog
import ZKWire
import Zab

final class Ghost {
    unowned let world: World
    private(set) var servers: [ServerID: GhostServer] = [:]
    /// Who has led each epoch, and in which of its lives.
    private var leaders: [Epoch: (server: ServerID, life: Int)] = [:]
    /// The end of the history that each epoch began with.
    private var initialEnds: [Epoch: Zxid] = [:]
    /// What was ever proposed: the bytes of each zxid.
    private var proposed: [Zxid: [UInt8]] = [:]
    private var hashes: [Zxid: UInt64] = [:]
    /// What was delivered anywhere, in order: one history.
    private(set) var committed: [Zxid] = []
    let model: GhostModel
    private(set) var failure: Failure?
    /// The last transaction that a client has been told of.
    private(set) var acknowledged = Zxid.zero

    struct Failure: Error, CustomStringConvertible {
        /// As docs/world.md has it.
        let property: String
        let text: String
        var description: String { "\(property): \(text)" }
    }

    init(_ world: World) {
        self.world = world
        model = GhostModel()
        for id in world.options.members { servers[id] = GhostServer(id) }
    }

    func fail(_ property: String, _ text: String) {
        guard failure == nil else { return }
        failure = Failure(property: property, text: text)
        world.note(nil, "FAILURE \(property): \(text)")
    }

    func expect(_ condition: Bool, _ property: String, _ text: @autoclosure () -> String) {
        if !condition { fail(property, text()) }
    }

    func of(_ id: ServerID) -> GhostServer {
        guard let server = servers[id] else { preconditionFailure("no server \(id)") }
        return server
    }

    // MARK: Proposals

    /// A batch goes to the log of this server.
    func handedOver(_ batch: TxnBatch, by process: ServerProcess) {
        let server = of(process.id)
        for entry in batch.entries {
            let zxid = entry.zxid
            let payload = batch.payload(entry)
            let hash = GhostModel.hash(payload)
            if let known = hashes[zxid] {
                expect(known == hash, "P-02", "server \(server.id) logs another \(zxid)")
            } else {
                checkProposer(of: zxid, process)
                hashes[zxid] = hash
                proposed[zxid] = [UInt8](payload)
            }
            let last = server.last
            let follows = zxid == last.next && zxid.epoch == last.epoch
            expect(
                follows || zxid.epoch > last.epoch && zxid.counter == 1, "P-16",
                "server \(server.id) logs \(zxid) after \(last)")
            server.entries.append(zxid)
        }
    }

    private func checkProposer(of zxid: Zxid, _ process: ServerProcess) {
        guard case .leading(zxid.epoch, _) = process.core.peer.role else {
            return fail("P-02", "server \(process.id), \(process.core.peer.role), invents \(zxid)")
        }
    }

    // MARK: Roles and delivery

    /// After each step.
    func observe(_ process: ServerProcess) {
        if case .leading(let epoch, isEstablished: true) = process.core.peer.role {
            noteLeader(epoch, process)
        }
        let core = process.core
        let server = of(process.id)
        if core.role.isServing {
            expect(
                core.lastProcessedZxid >= server.delivered
                    && core.lastProcessedZxid <= core.peer.assured, "P-03",
                """
                server \(server.id) serves \(core.lastProcessedZxid), had delivered \
                \(server.delivered) and knows of \(core.peer.assured)
                """)
        }
        let known = min(core.lastProcessedZxid, core.peer.assured)
        if known > server.delivered { deliver(upTo: known, process) }
    }

    /// A server has found the epoch that it is to lead: what it has is what the epoch begins with.
    func beginsToLead(_ epoch: Epoch, _ id: ServerID) { initialEnds[epoch] = of(id).last }

    private func noteLeader(_ epoch: Epoch, _ process: ServerProcess) {
        let life = process.machine.startCount
        if let known = leaders[epoch] {
            expect(
                known == (process.id, life), "P-01",
                "server \(process.id) leads epoch \(epoch), as server \(known.server) did")
            return
        }
        leaders[epoch] = (process.id, life)
        world.figures.elections += 1
        let server = of(process.id)
        for zxid in committed.reversed() {
            if zxid <= server.base { break }
            guard server.contains(zxid) else {
                return fail(
                    "P-08", "server \(process.id) leads epoch \(epoch) without \(zxid)")
            }
        }
    }

    private func deliver(upTo zxid: Zxid, _ process: ServerProcess) {
        let server = of(process.id)
        if server.base > server.delivered { skip(to: server.base, server) }
        let start = server.index(after: server.delivered)
        for next in server.entries[start...] where next <= zxid { deliver(next, server) }
        expect(
            server.contains(zxid) && zxid <= server.durable, "P-11",
            "server \(server.id) delivers \(zxid); durable is \(server.durable) of \(server.last)")
        server.delivered = zxid
        if zxid == process.core.lastProcessedZxid { checkTree(process) }
    }

    /// A snapshot took the place of what was delivered up to there.
    private func skip(to base: Zxid, _ server: GhostServer) {
        while server.position < committed.count, committed[server.position] <= base {
            server.position += 1
        }
        server.delivered = base
    }

    private func deliver(_ zxid: Zxid, _ server: GhostServer) {
        if server.position < committed.count {
            expect(
                committed[server.position] == zxid, "P-05",
                "server \(server.id) delivers \(zxid) where others have \(committed[server.position])"
            )
        } else {
            expect(
                committed.last.map { $0 < zxid } ?? true, "P-04",
                "\(zxid) is delivered after \(String(describing: committed.last))")
            committed.append(zxid)
            guard let payload = proposed.removeValue(forKey: zxid) else {
                return fail("P-02", "\(zxid) was never proposed")
            }
            if let complaint = model.apply(payload, zxid) { fail("C-06", complaint) }
            checkQuorum("delivery of \(zxid)")
        }
        server.position += 1
    }

    /// P-20, and P-21 where the tree was loaded.
    private func checkTree(_ process: ServerProcess) {
        let zxid = process.core.lastProcessedZxid
        guard let expected = model.digests[zxid] else { return }
        let found = GhostModel.digest(process.core.tree)
        guard found != expected else { return }
        fail("P-20", "server \(process.id) has another tree at \(zxid)")
        if model.last == zxid { noteDifference(process.core.tree.dump(), model.tree.dump()) }
    }

    private func noteDifference(_ own: [String], _ right: [String]) {
        for line in Set(own).subtracting(right).sorted() { world.note(nil, "has  \(line)") }
        for line in Set(right).subtracting(own).sorted() { world.note(nil, "want \(line)") }
    }

    func acknowledge(_ zxid: Zxid) { acknowledged = max(acknowledged, zxid) }

    /// When all has come to rest: everybody has the same.
    func checkEnd() {
        let right = model.tree.dump()
        for machine in world.sortedMachines {
            guard let process = machine.process else { continue }
            process.core.tree.checkInvariants()
            expect(
                process.core.tree.dump() == right, "P-20",
                "server \(machine.id) ends with another tree")
            checkStart(machine, right)
        }
    }

    /// P-21: whatever happens now, a start loads that tree. Nothing is in flight, so all is durable.
    private func checkStart(_ machine: Machine, _ right: [String]) {
        for isPowerLost in [false, true] {
            do throws(RecoveryError) {
                let tree = try machine.wouldLoad(afterPowerLoss: isPowerLost)
                guard tree.dump() != right else { continue }
                fail("P-21", "server \(machine.id) would load another tree")
                noteDifference(tree.dump(), right)
            } catch {
                fail("S-01", "server \(machine.id) could not start again: \(error)")
            }
        }
    }

    // MARK: The disk

    /// P-10: no quorum could be elected that lacks what was delivered somewhere.
    func checkQuorum(_ occasion: @autoclosure () -> String) {
        guard let last = committed.last else { return }
        let lacking = servers.values.filter { $0.mayVote && !$0.hasDurably(last) }.map(\.id)
        guard world.options.membership.isQuorum(ServerSet(lacking)) else { return }
        fail("P-10", "\(last) is missing on \(lacking.sorted()) after \(occasion())")
    }

    func truncates(to zxid: Zxid, _ process: ServerProcess) {
        let server = of(process.id)
        world.figures.truncations += 1
        expect(
            server.contains(zxid), "P-17", "server \(server.id) is cut at \(zxid), which it lacks")
        if server.uncut == nil { server.uncut = server.entries }
        for gone in server.entries[server.index(after: zxid)...] {
            expect(
                !committed.reversed().prefix { $0 >= gone }.contains(gone), "P-17",
                "server \(server.id) cuts \(gone), which is delivered")
        }
        server.entries.removeSubrange(server.index(after: zxid)...)
    }

    /// The log's thread has done something, and has not told it yet.
    func logDid(_ report: LogTwin.Report, at process: ServerProcess) {
        let server = of(process.id)
        switch report {
        case .appended(let end):
            expect(
                server.contains(end.zxid), "P-11",
                "the log of server \(server.id) has \(end.zxid), which it was not given")
            server.durable = max(server.durable, end.zxid)
        case .epochsWritten(let epochs): note(epochs, server)
        case .truncated(let end, _):
            expect(end.zxid == process.log.log.lastZxid, "P-17", "cut elsewhere")
            server.uncut = nil
            server.durable = min(server.durable, end.zxid)
        case .installed(_, let end, _, _):
            expect(
                end.zxid >= server.delivered, "P-17",
                "server \(server.id) takes a snapshot as of \(end.zxid)")
            server.base = end.zxid
            server.entries = []
            server.uncut = nil
            server.durable = end.zxid
            world.figures.installs += 1
        case .installFailed: world.figures.failedInstalls += 1
        }
        checkQuorum("\(server.id) \(report)")
    }

    private func note(_ epochs: Epochs, _ server: GhostServer) {
        expect(
            epochs.accepted >= server.epochs.accepted && epochs.current >= server.epochs.current
                && epochs.current <= epochs.accepted, "P-14",
            "server \(server.id): \(epochs) after \(server.epochs)")
        if epochs.current > server.epochs.current { checkHistory(of: epochs.current, server) }
        server.epochs = epochs
        if epochs.current.rawValue > 0 { server.isBlank = false }
    }

    /// P-15: the history that an epoch began with comes before the epoch.
    private func checkHistory(of epoch: Epoch, _ server: GhostServer) {
        guard let end = initialEnds[epoch] else { return }
        expect(
            server.hasDurably(end), "P-15",
            "server \(server.id) is in epoch \(epoch), which began with \(end); \(server.durable) is durable")
    }

    /// Its disk is an empty one.
    func wiped(_ machine: Machine) { servers[machine.id] = GhostServer(machine.id) }

    /// A start has found this on the disk.
    func recovered(_ state: RecoveredState<SimulatedDisk>, _ machine: Machine) {
        let server = of(machine.id)
        guard let record = state.meta.record else { return }
        let epochs = Epochs(record)
        note(epochs, server)
        server.isBlank = state.isBlank
        let found = readLog(state.log)
        if epochs.isRecovering {
            // It begins with nothing, and nobody counts on it.
            server.delivered = .zero
            server.position = 0
            server.base = state.log.startsAfter
            server.entries = found
        } else {
            adopt(found, after: state.log.startsAfter, server)
        }
        server.uncut = nil
        server.durable = state.log.lastZxid
        checkQuorum("the start of server \(server.id)")
        if let expected = model.digests[state.tree.lastProcessedZxid] {
            expect(
                GhostModel.digest(state.tree) == expected, "P-21",
                "server \(server.id) loads another tree at \(state.tree.lastProcessedZxid)")
        }
    }

    private func readLog(_ log: TxnLog<SimulatedDisk>) -> [Zxid] {
        var found: [Zxid] = []
        do {
            try log.replay(after: log.startsAfter) { zxid, payload in
                found.append(zxid)
                expect(
                    hashes[zxid] == GhostModel.hash(payload), "P-02",
                    "the disk has another \(zxid)")
            }
        } catch {
            fail("S-01", "the log cannot be read: \(error)")
        }
        return found
    }

    /// What was found is a beginning of what was handed over, at least all that was durable.
    private func adopt(_ found: [Zxid], after start: Zxid, _ server: GhostServer) {
        let end = found.last ?? start
        for candidate in [server.entries, server.uncut].compactMap({ $0 }) {
            let expected = candidate.filter { $0 > start && $0 <= end }
            let floor = min(server.durable, candidate.last ?? server.base)
            guard expected == found, end >= floor else { continue }
            server.entries = candidate.filter { $0 <= end }
            return
        }
        fail(
            "P-11",
            """
            server \(server.id) found \(start) to \(end), \(found.count) records; \
            \(server.durable) was durable of \(server.last)
            """)
    }

    // MARK: What is said

    /// P-13: an acknowledgement speaks of what is durable.
    func sends(_ bytes: [UInt8], by link: QuorumLinkTwin, _ process: ServerProcess) {
        let server = of(process.id)
        bytes.withByteView { view in
            var input = view
            while let packet = try? link.tap.next(&input) { check(packet, server) }
        }
    }

    private func check(_ packet: QuorumPacket, _ server: GhostServer) {
        switch packet.type {
        case .ack where packet.zxid.counter == 0:
            expect(
                server.epochs.current == packet.zxid.epoch || !server.mayVote, "P-15",
                "server \(server.id) acknowledges NEWLEADER \(packet.zxid) in \(server.epochs)")
            checkHistory(of: packet.zxid.epoch, server)
        case .ack:
            expect(
                server.hasDurably(packet.zxid), "P-13",
                "server \(server.id) acknowledges \(packet.zxid); \(server.durable) is durable")
        case .ackEpoch:
            expect(
                packet.zxid == server.last && packet.zxid == server.durable, "P-13",
                "server \(server.id) ends at \(packet.zxid); \(server.durable) is durable")
        default: break
        }
    }

    func notifies(_ notification: Zab.Notification, _ process: ServerProcess) {
        guard notification.state == .looking, notification.vote.leader == process.id,
            notification.vote.zxid.rawValue >= 0
        else { return }
        let server = of(process.id)
        expect(
            notification.vote.zxid == server.durable
                && notification.vote.peerEpoch == server.epochs.current, "P-13",
            "server \(server.id) votes \(notification.vote); \(server.durable) is durable")
    }
}
