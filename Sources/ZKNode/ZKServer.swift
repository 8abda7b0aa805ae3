// A standalone server: an ensemble of one on the path that an ensemble uses. Here the parts are put
// together, started and stopped; nothing is decided.

import Logging
import NIOCore
import NIOPosix
import Recovery
import ServerConfiguration
import ServerCore
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

/// A running server. `run()` returns when it has been stopped, or throws why it ended.
// SAFETY: `@unchecked`: `ending` is behind its own lock; the rest is set in `init` and never after.
package final class ZKServer: @unchecked Sendable {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let loop: CoreLoop
    private let log: LogThread
    private let snapshotThread: SnapshotThread
    private let scan: DirectoryScan
    private let ending: EventLoopPromise<Void>
    private let recovered: String
    /// Held as long as the server runs.
    private let directoryLock: any DiskLock

    /// Recovers the state from the data directory; after this the server can begin to serve.
    /// - Parameter measure: what the files take; nil looks.
    package init(
        _ configuration: ServerConfiguration, logger: Logger,
        measure: (@Sendable () -> DirectorySizes)? = nil
    ) throws(ServerFailure) {
        self.configuration = configuration
        self.logger = logger
        // Before anything is read or made for it.
        try ZKServer.checkStandalone(configuration)
        let coreConfiguration = try CoreConfiguration(configuration)
        let storage = try RecoveredStorage.open(configuration, logger)
        recovered = storage.summary
        directoryLock = storage.state.lock
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let ending = eventLoop.makePromise(of: Void.self)
        self.ending = ending
        let core = ServerCore(
            configuration: coreConfiguration, tree: storage.state.tree, now: .current())
        log = LogThread(
            log: storage.state.log, policy: GroupCommitPolicy(configuration.log), logger: logger
        ) { ending.fail($0) }
        snapshotThread = SnapshotThread(
            store: storage.state.snapshots, origin: storage.state.snapshotOrigin,
            retained: configuration.snapshots.purgeInterval == nil
                ? nil : configuration.snapshots.retainCount,
            logger: logger)
        let snapshots = SnapshotDriver(
            thread: snapshotThread, policy: SnapshotPolicy(configuration.snapshots),
            recovered: storage.state.report.snapshot?.zxid, logger: logger)
        let settings = configuration.storage
        scan = DirectoryScan(
            eventLoop: eventLoop, measure: measure ?? { DirectorySizes.measure(settings) })
        loop = CoreLoop(
            core: core, eventLoop: eventLoop, log: log, snapshots: snapshots,
            words: FourLetterWords(configuration, startedAt: Now.current().monotonic),
            scan: scan,
            limits: ConnectionLimits(
                perHost: configuration.limits.maxConnectionsPerAddress,
                total: configuration.limits.maxConnections,
                maximumFiles: OpenFiles.current().maximum),
            logger: logger)
    }

    /// Members that do not replicate would each grant the same lock: that is refused rather than
    /// served, until there are ensembles.
    private static func checkStandalone(
        _ configuration: ServerConfiguration
    ) throws(ServerFailure) {
        let count = configuration.ensemble.members.count
        guard count > 1 else { return }
        throw ServerFailure(
            .badConfiguration,
            """
            the configuration names \(count) servers (server.N), and this release does not replicate: \
            each would serve clients on its own, and their data would differ. Remove the server.N \
            lines to run one standalone server.
            """)
    }

    /// Serves until `stop` is called or storage fails.
    /// - Parameter serving: called with the client port once clients can connect.
    package func run(serving: (Int) -> Void = { _ in }) throws(ServerFailure) {
        let listener: any Channel
        do throws(ServerFailure) {
            listener = try start()
        } catch {
            ending.succeed()
            try stopThreads()
            throw error
        }
        serving(listener.localAddress?.port ?? configuration.clients.port)
        let admin = AdminSocket.bind(loop, dataDir: configuration.storage.dataDir, logger)
        let result = Result { try ending.futureResult.wait() }
        AdminSocket.close(admin, dataDir: configuration.storage.dataDir)
        do {
            try result.get()
        } catch {
            // The storage has failed: what was not acknowledged never will be. Nothing is written
            // any more, not even a snapshot.
            throw (error as? ServerFailure) ?? ServerFailure(.failure, "\(error)")
        }
        try shutDown(listener)
    }

    /// Ends `run()`: everything that was acknowledged is on the disk anyway, so that this only makes
    /// the next start quicker and tells the clients.
    package func stop() { ending.succeed() }

    private func start() throws(ServerFailure) -> any Channel {
        let loop = self.loop
        log.start { zxid, chain, took in
            loop.eventLoop.execute {
                loop.appended(upTo: zxid, chainChecksum: chain, took: took)
            }
        }
        snapshotThread.start(
            SnapshotThread.Reports(
                pieceWritten: {
                    loop.eventLoop.execute { loop.snapshots.pieceWritten(loop) }
                },
                finished: { zxid, floor in
                    loop.eventLoop.execute { loop.snapshots.finished(zxid, logFloor: floor, loop) }
                },
                failed: { error in
                    loop.eventLoop.execute { loop.snapshots.failed(error, loop) }
                },
                purged: { floor in loop.log.purge(below: floor) }))
        loop.eventLoop.execute {
            loop.started()
            loop.endTurn()
        }
        let tick = configuration.tickTime.timeAmount
        loop.eventLoop.scheduleRepeatedTask(initialDelay: tick / 2, delay: tick / 2) { _ in
            loop.tick()
        }
        schedulePurging()
        return try ClientListener.bind(loop, configuration.clients, logger, recovered)
    }

    /// Each snapshot is followed by a purge. The clock's finds what that left, or what a server has
    /// that nobody writes to.
    private func schedulePurging() {
        guard let interval = configuration.snapshots.purgeInterval?.timeAmount else { return }
        let period = max(interval, ZKServer.minimumPurgePeriod)
        loop.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) {
            [snapshotThread] _ in snapshotThread.send(.purge)
        }
    }

    /// More often would only keep the disk busy.
    private static let minimumPurgePeriod = TimeAmount.seconds(1)

    private func shutDown(_ listener: any Channel) throws(ServerFailure) {
        logger.info("stopping")
        try? listener.close().wait()
        takeLastSnapshot()
        try? loop.eventLoop.submit { [loop] in loop.closeAll() }.wait()
        try stopThreads()
        logger.info("stopped")
    }

    /// Ends every thread and lets go of the data directory.
    /// - Throws: the log's failure, if what was handed to it last did not reach the disk.
    private func stopThreads() throws(ServerFailure) {
        defer {
            snapshotThread.stop()
            scan.stop()
            try? group.syncShutdownGracefully()
            directoryLock.release()
        }
        try log.stop()
    }

    /// A snapshot that takes a second or two saves the next start the replay.
    private func takeLastSnapshot() {
        let done = loop.eventLoop.makePromise(of: Void.self)
        loop.eventLoop.execute { [loop] in
            let isWorthIt =
                loop.core.tree.nodeCount <= ZKServer.lastSnapshotNodes
                && loop.snapshots.lastSnapshot != loop.core.lastProcessedZxid
            guard isWorthIt else { return done.succeed() }
            loop.snapshots.start(loop) { _ in done.succeed() }
        }
        loop.eventLoop.scheduleTask(in: .seconds(10)) { done.succeed() }
        try? done.futureResult.wait()
    }

    /// Up to so many znodes a clean stop takes a snapshot: about a second a million.
    private static let lastSnapshotNodes = 2_000_000
}

extension Duration {
    var timeAmount: TimeAmount { .nanoseconds(wholeNanoseconds) }
}

extension TimeAmount {
    fileprivate static func / (amount: TimeAmount, divisor: Int64) -> TimeAmount {
        .nanoseconds(amount.nanoseconds / divisor)
    }
}

extension SnapshotPolicy {
    init(_ settings: SnapshotSettings) {
        txnCount = settings.transactionCount
        txnBytes = settings.maxLogBytes ?? 0
    }
}
