// A server: a member of an ensemble, or standalone, which is an ensemble of one on the same path.
// Here the parts are put together, started and stopped; nothing is decided.

import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Recovery
import Resync
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
    /// nil in a standalone server.
    private let ensemble: EnsemblePorts?
    private let ending: EventLoopPromise<Void>
    private let isStopping = NIOLockedValueBox(false)
    private let isAbrupt = NIOLockedValueBox(false)
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
        try ZKServer.checkMembership(configuration)
        var coreConfiguration = try CoreConfiguration(configuration)
        let storage = try RecoveredStorage.open(configuration, logger)
        let state = storage.state
        coreConfiguration.replayedTxnCount = Int(clamping: state.report.replayedCount)
        recovered = storage.summary
        directoryLock = state.lock
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let ending = eventLoop.makePromise(of: Void.self)
        self.ending = ending
        let core = ServerCore(
            configuration: coreConfiguration, zab: ZabConfiguration(configuration),
            durable: storage.durable, tree: state.tree, now: .current())
        let snapshotThread = SnapshotThread(
            store: state.snapshots, origin: state.snapshotOrigin,
            retained: configuration.snapshots.purgeInterval == nil
                ? nil : configuration.snapshots.retainCount,
            logger: logger)
        self.snapshotThread = snapshotThread
        log = LogThread(
            storage: HistoryStorage(
                state, storage.recovery, seed: coreConfiguration.hashSeed,
                quiesce: { snapshotThread.quiesce() }),
            policy: GroupCommitPolicy(configuration.log), logger: logger
        ) { ending.fail($0) }
        let snapshots = SnapshotDriver(
            thread: snapshotThread, policy: SnapshotPolicy(configuration.snapshots),
            recovered: state.report.snapshot?.zxid, logger: logger)
        let settings = configuration.storage
        scan = DirectoryScan(
            eventLoop: eventLoop, measure: measure ?? { DirectorySizes.measure(settings) })
        ensemble = EnsemblePorts(
            configuration, state, eventLoop, maximumTxnBytes: coreConfiguration.maximumTxnBytes,
            logger)
        loop = CoreLoop(
            core: core, eventLoop: eventLoop, log: log, snapshots: snapshots,
            words: FourLetterWords(configuration, startedAt: Now.current().monotonic),
            scan: scan,
            limits: ConnectionLimits(
                perHost: configuration.limits.maxConnectionsPerAddress,
                total: configuration.limits.maxConnections,
                maximumFiles: OpenFiles.current().maximum),
            ensemble: ensemble, logger: logger)
    }

    private static func checkMembership(
        _ configuration: ServerConfiguration
    ) throws(ServerFailure) {
        guard configuration.isEnsembleMember, configuration.ownMember == nil else { return }
        let ids = configuration.ensemble.members.keys.sorted().map { "\($0)" }
        throw ServerFailure(
            .badConfiguration,
            """
            this server's id is \(configuration.myID.map { "\($0)" } ?? "not known (myid)"), and the \
            server.N lines name \(ids.joined(separator: ", ")). Write the N of this server's line \
            into \(configuration.storage.dataDir)/myid.
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
            try? loop.eventLoop.submit { [loop] in loop.closeAll() }.wait()
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
    /// the next start quicker and tells the clients and the other servers.
    package func stop() {
        isStopping.withLockedValue { $0 = true }
        ending.succeed()
    }

    /// Ends `run()` as a loss of the machine would end it for the others: nobody is told.
    package func stopAbruptly() {
        isAbrupt.withLockedValue { $0 = true }
        ending.succeed()
    }

    private func start() throws(ServerFailure) -> any Channel {
        let loop = self.loop
        log.start { report in loop.eventLoop.execute { loop.logReported(report) } }
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
        // Before the first word to anyone: whom others follow must be reachable.
        try ensemble?.bind { [isStopping] in isStopping.withLockedValue { $0 } }
        loop.eventLoop.execute { loop.started() }
        let tick = min(configuration.tickTime.timeAmount / 2, ZKServer.longestTick)
        loop.eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in
            loop.tick()
        }
        schedulePurging()
        return try ClientListener.bind(loop, configuration.clients, logger, recovered)
    }

    /// The protocol's time-outs are looked at as often as this.
    private static let longestTick = TimeAmount.milliseconds(50)

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
        let isAbrupt = isAbrupt.withLockedValue { $0 }
        if ensemble != nil, !isAbrupt { handOver() }
        try? listener.close().wait()
        if !isAbrupt { takeLastSnapshot() }
        try? loop.eventLoop.submit { [loop] in loop.closeAll() }.wait()
        try stopThreads()
        logger.info("stopped")
    }

    /// A leader that stops has another server lead first, so that nobody has to find out that it is
    /// gone. Waits for that, but not for long.
    private func handOver() {
        let done = loop.eventLoop.makePromise(of: Void.self)
        loop.eventLoop.execute { [loop] in loop.handOver { _ in done.succeed() } }
        try? done.futureResult.wait()
    }

    /// Ends every thread and lets go of the data directory.
    /// - Throws: the log's failure, if what was handed to it last did not reach the disk.
    private func stopThreads() throws(ServerFailure) {
        defer {
            snapshotThread.stop()
            scan.stop()
            ensemble?.stop()
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
                !loop.snapshots.isSuspended && loop.core.tree.nodeCount <= ZKServer.lastSnapshotNodes
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
