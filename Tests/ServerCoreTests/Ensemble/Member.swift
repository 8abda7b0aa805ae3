import DataTree
import ServerCore
import ZKWire
import Zab

/// One server of a cluster: a core, its disk, and what it wants carried out at once.
final class Member: TestServer {
    let id: ServerID
    unowned let cluster: Cluster
    private(set) var core: ServerCore
    private(set) var isUp = true
    var disk = StandInDisk()
    private var effects = Effects()
    private(set) var closed: [(connection: ConnectionID, reason: CloseReason)] = []
    private(set) var notices: [Notice] = []
    private(set) var zabNotices: [ZabNotice] = []
    /// Whether something may wait for the end of the turn.
    private(set) var isTurnOpen = false

    init(_ id: ServerID, _ cluster: Cluster) {
        self.id = id
        self.cluster = cluster
        core = Member.makeCore(id, cluster, disk)
    }

    private static func makeCore(
        _ id: ServerID, _ cluster: Cluster, _ disk: StandInDisk
    ) -> ServerCore {
        var configuration = cluster.coreConfiguration
        configuration.serverID = id
        var zab = ZabConfiguration(serverID: id, membership: cluster.membership)
        zab.tick = .milliseconds(100)
        zab.recentBytes = cluster.recentBytes
        return ServerCore(
            configuration: configuration, zab: zab,
            durable: DurableState(epochs: disk.epochs, lastZxid: disk.last, isBlank: false),
            tree: disk.makeTree(), now: cluster.now)
    }

    var isServing: Bool { isUp && core.role.isServing }

    func step(_ event: Event) {
        guard isUp else { return }
        core.step(event, now: cluster.now, into: &effects)
        isTurnOpen = true
        carryOut()
    }

    func endTurn() {
        guard isTurnOpen, isUp else { return }
        step(.turnEnded)
        isTurnOpen = !core.isTurnEmpty
    }

    func sync() { cluster.settle() }

    private func carryOut() {
        var zab = ZabEffects()
        swap(&zab, &effects.zab)
        let ended = effects.close
        closed += ended.map { ($0.connection, $0.reason) }
        notices += effects.notices
        zabNotices += zab.notices
        for connection in effects.output { connection.outputTaken() }
        effects.removeAll()
        disk.queue += zab.append.map { .append($0) }
        disk.queue += zab.storage.map { .storage($0) }
        cluster.carryOut(zab, of: self)
        for (id, _) in ended { cluster.noteClosed(id, at: self) }
    }

    // MARK: Life

    func start() {
        step(.started)
    }

    /// `kill -9`: what the disk had not done is gone.
    func crash() {
        isUp = false
        disk.queue.removeAll()
        effects.removeAll()
        cluster.noteCrashed(self)
    }

    func restart() {
        core = Member.makeCore(id, cluster, disk)
        isUp = true
        isTurnOpen = false
        start()
        cluster.noteStarted(self)
    }

    // MARK: The disk

    /// Does the oldest thing that it was asked for.
    func performDiskOrder() {
        guard isUp, !disk.queue.isEmpty else { return }
        switch disk.queue.removeFirst() {
        case .append(let batch):
            disk.append(batch)
            step(.zab(.appended(upTo: disk.last)))
        case .storage(.writeEpochs(let epochs)):
            disk.epochs = epochs
            step(.zab(.epochsWritten(epochs)))
        case .storage(.truncate(let zxid, let rebuilds)):
            disk.truncate(to: zxid)
            if rebuilds { step(.treeReplaced(disk.makeTree())) }
            step(.zab(.truncated(to: zxid)))
        case .storage(.install(let link, let zxid)):
            guard let snapshot = cluster.takeSnapshot(self, link) else {
                return step(.zab(.installFailed(link, reason: "the link is gone")))
            }
            disk.records = snapshot
            step(.treeReplaced(disk.makeTree()))
            step(.zab(.installed(link, zxid: zxid)))
        case .storage(.replaceTree(let link, let zxid)):
            guard let snapshot = cluster.takeSnapshot(self, link) else {
                return step(.zab(.installFailed(link, reason: "the link is gone")))
            }
            disk.records = snapshot + disk.records.filter { $0.zxid > zxid }
            step(.treeReplaced(disk.makeTree()))
            step(.zab(.installed(link, zxid: disk.last)))
        }
    }

    // MARK: Clients

    func open() -> TestClient {
        let id = cluster.nextConnection()
        step(.connectionOpened(id, address: PeerAddress(host: "127.0.0.1", port: 40_000)))
        return TestClient(harness: self, id: id)
    }

    /// A client with a session.
    func connect(
        timeoutMilliseconds: Int32 = 1000, acceptsReadOnly: Bool = false
    ) -> TestClient {
        let client = open()
        client.handshake(
            timeoutMilliseconds: timeoutMilliseconds, acceptsReadOnly: acceptsReadOnly)
        cluster.settle()
        _ = client.connectResponse()
        return client
    }

    /// A client that comes with another one's session.
    /// - Returns: it, with no session if that was refused.
    func resume(_ former: TestClient, acceptsReadOnly: Bool = false) -> TestClient {
        let client = open()
        client.handshake(
            session: former.session, password: former.password, acceptsReadOnly: acceptsReadOnly)
        cluster.settle()
        _ = client.connectResponse()
        return client
    }
}
