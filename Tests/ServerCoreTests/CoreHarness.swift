import DataTree
import ServerCore
import ZKWire
import Zab

/// A core with a clock in hand and a log that is durable when the test says so.
final class CoreHarness: TestServer {
    let core: ServerCore
    private(set) var effects = Effects()
    var now: Now
    private var lastConnection: UInt64 = 0
    /// Closed connections and why, in order.
    private(set) var closed: [(connection: ConnectionID, reason: CloseReason)] = []
    private(set) var paused: [ConnectionID] = []
    private(set) var resumed: [ConnectionID] = []
    private(set) var notices: [Notice] = []
    private(set) var words: [FourLetterRequest] = []
    /// Every payload that went to the log, for replay.
    private(set) var logged: [TxnBatch] = []
    private var unsynced: [TxnBatch] = []
    private var storage: [StorageOrder] = []
    private(set) var isSnapshotDue = false

    init(tree: DataTree = DataTree(), _ configure: (inout CoreConfiguration) -> Void = { _ in }) {
        var configuration = CoreConfiguration()
        configuration.tick = .milliseconds(100)
        configuration.minimumSessionTimeoutMilliseconds = 200
        configuration.maximumSessionTimeoutMilliseconds = 10_000
        configure(&configuration)
        now = Now(
            monotonic: Instant(nanoseconds: 1_000_000_000), wallMilliseconds: 1_700_000_000_000)
        let epoch = tree.lastProcessedZxid.epoch
        core = ServerCore(
            configuration: configuration,
            zab: ZabConfiguration(
                serverID: configuration.serverID, membership: Membership([configuration.serverID])),
            durable: DurableState(
                epochs: Epochs(accepted: epoch, current: epoch),
                lastZxid: tree.lastProcessedZxid, isBlank: false),
            tree: tree, now: now)
        step(.started)
    }

    func step(_ event: Event) {
        core.step(event, now: now, into: &effects)
        collect()
    }

    private func collect() {
        unsynced += effects.zab.append
        storage += effects.zab.storage
        logged += effects.zab.append
        closed += effects.close.map { ($0.connection, $0.reason) }
        paused += effects.pauseReading
        resumed += effects.resumeReading
        notices += effects.notices
        words += effects.fourLetterWords
        isSnapshotDue = isSnapshotDue || effects.isSnapshotDue
        for connection in effects.output { connection.outputTaken() }
        effects.removeAll()
    }

    /// Proposals of this turn reach the log and become durable.
    func sync() {
        step(.turnEnded)
        while case .writeEpochs(let epochs)? = storage.first {
            storage.removeFirst()
            step(.zab(.epochsWritten(epochs)))
        }
        guard let last = unsynced.last?.lastZxid else { return }
        unsynced.removeAll()
        step(.zab(.appended(upTo: last)))
        // What was committed may have made room for more.
        if !core.isTurnEmpty || !unsynced.isEmpty || !storage.isEmpty { sync() }
    }

    /// The oldest batch that was handed over, and no other, becomes durable.
    func syncOldest() {
        guard let zxid = unsynced.first?.lastZxid else { return }
        unsynced.removeFirst()
        step(.zab(.appended(upTo: zxid)))
    }

    func advance(milliseconds: Int64) {
        now.monotonic.nanoseconds += milliseconds * 1_000_000
        now.wallMilliseconds += milliseconds
    }

    /// Lets time pass tick by tick, as a running loop sees it.
    func run(milliseconds: Int64) {
        for _ in 0..<(milliseconds / 50) {
            advance(milliseconds: 50)
            step(.tick)
            sync()
        }
    }

    // MARK: Clients

    func open(host: String = "127.0.0.1") -> TestClient {
        lastConnection += 1
        let id = ConnectionID(rawValue: lastConnection)
        step(.connectionOpened(id, address: PeerAddress(host: host, port: 40_000)))
        return TestClient(harness: self, id: id)
    }

    /// A client with a session.
    func connect(host: String = "127.0.0.1", timeoutMilliseconds: Int32 = 1000) -> TestClient {
        let client = open(host: host)
        client.handshake(timeoutMilliseconds: timeoutMilliseconds)
        sync()
        _ = client.connectResponse()
        return client
    }
}
