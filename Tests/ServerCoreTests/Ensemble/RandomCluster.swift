import DataTree
import ServerCore
import Testing
import ZKWire
import Zab

/// Clients of a cluster under faults, everything from one seed: servers that are killed and come
/// back, links that break, disks and packets that take their time.
final class RandomCluster {
    let cluster: Cluster
    private(set) var clients: [ClusterClient] = []
    private var random: SplitMix

    /// - Parameter hasLocalSessions: sessions are one server's until they own something.
    init(seed: UInt64, hasLocalSessions: Bool = false) {
        random = SplitMix(seed: seed)
        let voters = random.chance(70) ? 3 : 5
        cluster = Cluster.serving(
            voters: voters, observers: random.below(2),
            recentBytes: random.chance(50) ? 0 : 1 << 20
        ) {
            $0.areSessionsLocal = hasLocalSessions
            $0.areLocalSessionsUpgraded = hasLocalSessions
        }
        cluster.prefersSnapshots = random.chance(30)
        clients = (0..<4).map { ClusterClient($0) }
        makeCounters()
        cluster.connectionEnded = { [unowned self] id in ended(id) }
    }

    private func makeCounters() {
        guard let client = cluster.leader?.connect() else { return }
        client.create("/shared")
        for each in clients { client.create(each.counter) }
        client.call(.closeSession)
        cluster.run(milliseconds: 100)
    }

    func run(steps: Int) {
        for _ in 0..<steps { step() }
        finish()
    }

    private func step() {
        switch random.below(200) {
        case 0..<60:
            let client = clients[random.below(clients.count)]
            client.send(&random, sharedFloor: sharedAcknowledged)
        case 60..<150: for _ in 0..<4 { cluster.happen(&random) }
        case 150: pass(milliseconds: 90)
        case 151..<180: pass(milliseconds: 10)
        case 180..<195: if random.chance(40) { cluster.settle() }
        case 195: crashOne()
        case 196, 197: restartAll()
        case 198: cutOne()
        default: cluster.heal()
        }
        attend()
    }

    private var sharedAcknowledged: Int32 { clients.reduce(0) { $0 + $1.sharedAcknowledged } }

    /// Clients read what has come, and look for a server where they have none.
    private func attend() {
        for client in clients {
            client.receive()
            guard client.connection == nil else { continue }
            let up = cluster.members.filter(\.isUp)
            if !up.isEmpty, random.chance(client.number == 0 ? 1 : 20) { client.connect(to: up[random.below(up.count)]) }
        }
    }

    private func pass(milliseconds: Int64) {
        cluster.advance(milliseconds: milliseconds)
        for member in cluster.members { member.step(.tick) }
    }

    private func ended(_ id: ConnectionID) {
        for client in clients where client.connection == id {
            client.receive()
            client.disconnected()
            client.member?.step(.connectionClosed(id))
        }
    }

    // MARK: Faults

    private func crashOne() {
        let up = cluster.members.filter(\.isUp)
        guard up.count > 1 else { return }
        let member = up[random.below(up.count)]
        for client in clients where client.member === member { client.disconnected() }
        member.crash()
    }

    private func restartAll() {
        for member in cluster.members where !member.isUp { member.restart() }
    }

    private func cutOne() {
        let one = cluster.members[random.below(cluster.members.count)]
        if random.chance(40) { return cluster.isolate(one) }
        let other = cluster.members[random.below(cluster.members.count)]
        if one !== other { cluster.cut(one, other) }
    }

    // MARK: The end

    /// Everything is repaired; what is in flight comes to its end.
    private func finish() {
        cluster.heal()
        restartAll()
        cluster.runUntilServing()
        for _ in 0..<60 {
            cluster.run(milliseconds: 50)
            attend()
            for client in clients { client.ping() }
        }
        cluster.settle()
        attend()
    }

    func check() {
        cluster.expectSameTrees()
        guard let tree = cluster.leader?.core.tree else {
            Issue.record("nobody leads")
            return
        }
        for client in clients {
            #expect(client.complaints == [])
            #expect(client.owedCount == 0, "client \(client.number) is owed replies")
            let version = ClusterClient.version(client.counter, in: tree)
            #expect(version >= client.acknowledged)
            #expect(version <= client.acknowledged + client.unknown)
            for (path, knowledge) in client.knowledge.sorted(by: { $0.key < $1.key }) {
                let isThere = path.withByteView { tree.find($0) } != nil
                // A client that found no server in time has not heard of its session's end.
                let isGone = tree.sessions.timeout(of: client.session) == nil
                if isGone, client.ephemerals.contains(path) { continue }
                switch knowledge {
                case .exists: #expect(isThere, "\(path) was acknowledged")
                case .gone: #expect(!isThere, "the deletion of \(path) was acknowledged")
                case .unknown: break
                }
            }
        }
        let shared = ClusterClient.version("/shared", in: tree)
        let unknown = clients.reduce(0) { $0 + $1.sharedUnknown }
        #expect(shared >= sharedAcknowledged && shared <= sharedAcknowledged + unknown)
        for session in tree.sessionsWithEphemerals {
            #expect(tree.sessions.timeout(of: session) != nil, "ephemerals without a session")
        }
    }
}

extension ClusterClient {
    static func version(_ path: String, in tree: DataTree) -> Int32 {
        path.withByteView { tree.find($0) }.map { tree.stat(of: $0).version } ?? -1
    }
}
