// The record that no server has: what was proposed, delivered, durable and acknowledged by whom. After
// each step of each server it is held against the properties P-01 to P-21 of Zab.

import DataTree
import ServerCore
import ZKWire
import Zab

package final class Ghost {
    let run: Run
    /// In order of id.
    let order: [GhostServer]
    private let membership: Membership
    /// Who has led each epoch, and in which of its lives.
    private var leaders: [Epoch: (server: ServerID, life: Int)] = [:]
    /// Who was seen to lead last.
    private var lastLeader: (epoch: Epoch, server: ServerID, life: Int)?
    /// Where the initial history of each epoch ends that is somebody's currentEpoch: its leader's is the
    /// first. What was never promised by a quorum may be begun again, with another history.
    var initialEnds: [Epoch: Zxid] = [:]
    /// The last epoch in which a leader was established.
    private var lastEstablished: Epoch?
    /// What was ever proposed and not delivered yet: the bytes of each zxid.
    private var proposed: [Zxid: [UInt8]] = [:]
    /// Of what was ever proposed.
    private(set) var hashes: [Zxid: UInt64] = [:]
    /// What was delivered anywhere, in order: one history.
    package private(set) var committed: [Zxid] = []
    package let model: GhostModel
    package let sessions: GhostSessions
    package let coverage = SyncCoverage()
    /// The last transaction that a client has been told of.
    private(set) var acknowledged = Zxid.zero

    package init(_ run: Run) {
        self.run = run
        model = GhostModel(fullDigestInterval: run.options.keepsDigest ? 512 : 64)
        sessions = GhostSessions(run)
        order = run.options.members.map { GhostServer($0) }
        membership = run.options.membership
    }

    func of(_ id: ServerID) -> GhostServer {
        let server = order[Int(id.rawValue) - 1]
        precondition(server.id == id, "no server \(id)")
        return server
    }

    func fail(_ property: String, _ text: String) { run.fail(property, text) }

    func expect(_ condition: Bool, _ property: String, _ text: @autoclosure () -> String) {
        if !condition { run.fail(property, text()) }
    }

    // MARK: Proposals

    /// A batch goes to the log of this server.
    package func handedOver(_ batch: TxnBatch, by id: ServerID, _ role: Role, _ now: Instant) {
        let server = of(id)
        for entry in batch.entries {
            let zxid = entry.zxid
            noteProposal(zxid, batch.payload(entry), id, role, now)
            let last = server.last
            let follows = zxid == last.next && zxid.epoch == last.epoch
            expect(
                follows || zxid.epoch > last.epoch && zxid.counter == 1, "P-16",
                "server \(id) logs \(zxid) after \(last)")
            expect(
                zxid.epoch <= server.epochs.accepted, "P-18",
                "server \(id) logs \(zxid), and has accepted \(server.epochs.accepted)")
            server.entries.append(zxid)
        }
    }

    private func noteProposal(
        _ zxid: Zxid, _ payload: ByteView, _ id: ServerID, _ role: Role, _ now: Instant
    ) {
        let hash = GhostModel.hash(payload)
        if let known = hashes[zxid] {
            return expect(known == hash, "P-02", "server \(id) logs another \(zxid)")
        }
        // Who stops leading hands over what it had proposed in that turn.
        let hasLed = role == .looking && leaders[zxid.epoch]?.server == id
        if case .leading(zxid.epoch, _) = role {
        } else if !hasLed {
            fail("P-02", "server \(id), \(role), invents \(zxid)")
        }
        hashes[zxid] = hash
        proposed[zxid] = [UInt8](payload)
        sessions.proposed(payload, by: id, now)
    }

    // MARK: Roles and delivery

    /// After each step.
    package func observe(_ standing: Standing) {
        if case .leading(let epoch, let isEstablished) = standing.role {
            noteLeader(epoch, isEstablished, standing)
        }
        let server = of(standing.server)
        if standing.isServing {
            expect(
                standing.applied >= server.delivered && standing.applied <= standing.assured,
                "P-03",
                """
                server \(server.id) serves \(standing.applied), had delivered \
                \(server.delivered) and knows of \(standing.assured)
                """)
        }
        let known = min(standing.applied, standing.assured)
        if known > server.delivered { deliver(upTo: known, standing) }
    }

    private func noteLeader(_ epoch: Epoch, _ isEstablished: Bool, _ standing: Standing) {
        guard isEstablished else { return }
        if let lastLeader, lastLeader == (epoch, standing.server, standing.life) { return }
        let server = of(standing.server)
        if let known = leaders[epoch] {
            return expect(
                known == (standing.server, standing.life), "P-01",
                "server \(standing.server) leads epoch \(epoch), as server \(known.server) did")
        }
        leaders[epoch] = (standing.server, standing.life)
        lastLeader = (epoch, standing.server, standing.life)
        run.figures.elections += 1
        sessions.leads(standing.server, since: standing.now)
        for zxid in committed.reversed() {
            if zxid <= server.base { break }
            guard server.contains(zxid) else {
                return fail("P-08", "server \(server.id) leads epoch \(epoch) without \(zxid)")
            }
        }
        checkInitialHistory(of: epoch, server)
    }

    /// P-09: the initial history of an established epoch is the beginning of every later one's.
    private func checkInitialHistory(of epoch: Epoch, _ server: GhostServer) {
        if let before = lastEstablished, let end = initialEnds[before] {
            expect(
                epoch > before && server.contains(end), "P-09",
                "epoch \(epoch) of server \(server.id) begins without \(end) of epoch \(before)")
        }
        lastEstablished = max(epoch, lastEstablished ?? epoch)
    }

    private func deliver(upTo zxid: Zxid, _ standing: Standing) {
        let server = of(standing.server)
        if server.base > server.delivered { skip(to: server.base, server) }
        let start = server.index(after: server.delivered)
        for next in server.entries[start...] {
            guard next <= zxid else { break }
            deliver(next, server)
        }
        expect(
            server.contains(zxid) && zxid <= server.durable, "P-11",
            "server \(server.id) delivers \(zxid); durable is \(server.durable) of \(server.last)")
        server.delivered = zxid
        if zxid == standing.applied { checkTree(standing.tree, of: server.id, "P-20") }
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
            if let complaint = model.apply(payload, zxid) {
                fail(complaint.property, complaint.text)
            }
            checkQuorum("delivery of \(zxid)")
        }
        server.position += 1
    }

    /// P-20, and P-21 where the tree was loaded: by the tree's own digest after each transaction, and
    /// by everything in it now and then.
    package func checkTree(_ tree: DataTree, of id: ServerID, _ property: String) {
        guard model.differs(tree) else { return }
        let zxid = tree.lastProcessedZxid
        fail(property, "server \(id) has another tree at \(zxid)")
        guard model.last == zxid else { return }
        let own = Set(tree.dump())
        let right = Set(model.tree.dump())
        for line in own.subtracting(right).sorted() { run.note(nil, "has  \(line)") }
        for line in right.subtracting(own).sorted() { run.note(nil, "want \(line)") }
    }

    package func acknowledge(_ zxid: Zxid) { acknowledged = max(acknowledged, zxid) }

    /// P-10: no quorum could be elected that lacks what was delivered somewhere.
    func checkQuorum(_ occasion: @autoclosure () -> String) {
        guard let last = committed.last else { return }
        var lacking = ServerSet()
        for server in order where server.mayVote && !server.hasDurably(last) {
            lacking.insert(server.id)
        }
        guard !lacking.isEmpty, membership.isQuorum(lacking) else { return }
        fail("P-10", "\(last) is missing on \(lacking) after \(occasion())")
    }
}
