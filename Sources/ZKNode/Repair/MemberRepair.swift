// A member that cannot start from its directory repairs it: with the election port's address, before
// there is a core. Returns when the directory can be started from, or throws why it cannot.

import Logging
import NIOCore
import NIOPosix
import Recovery
import Repair
import ServerConfiguration
import Storage
import ZKWire
import Zab

// SAFETY: `@unchecked`: all but `run` is confined to the loop.
final class MemberRepair: @unchecked Sendable {
    private typealias Session = RepairSession<PosixDisk>

    private static let tick = TimeAmount.milliseconds(250)

    private let configuration: ServerConfiguration
    private let own: EnsembleMember
    private let logger: Logger
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let eventLoop: any EventLoop
    private var session: Session
    private var links: [RepairLink] = []
    private let ending: EventLoopPromise<RepairSession<PosixDisk>.Outcome>
    private var output: [Session.Output] = []
    private var hasEnded = false

    /// - Returns: nil where nothing can or may be repaired: then the start is refused as ever.
    static func begin(
        _ configuration: ServerConfiguration, _ directory: DataDirectory, _ error: RecoveryError,
        seed: UInt64, _ logger: Logger
    ) throws(ServerFailure) -> MemberRepair? {
        guard configuration.isEnsembleMember, configuration.ensemble.isRepairEnabled,
            let own = configuration.ownMember, error.repairNeed != .none
        else { return nil }
        // A disk of its own that is not there is not mounted, as far as anybody knows.
        if case .missingLog = error, directory.ownLog != directory.own { return nil }
        logger.warning("\(error)")
        logger.warning(
            "repairing this server: it takes no part in elections until it has what it lost")
        do {
            return try MemberRepair(configuration, own, directory, error, seed: seed, logger)
        } catch {
            throw MemberRepair.failure(error)
        }
    }

    private init(
        _ configuration: ServerConfiguration, _ own: EnsembleMember, _ directory: DataDirectory,
        _ error: RecoveryError, seed: UInt64, _ logger: Logger
    ) throws {
        self.configuration = configuration
        self.own = own
        self.logger = logger
        eventLoop = group.next()
        ending = eventLoop.makePromise()
        var settings = Session.Settings(
            machine: RepairMachine.Settings(
                own: ServerID(rawValue: own.id), membership: Membership(configuration.ensemble)),
            seed: seed, segmentSizeBytes: configuration.log.segmentBytes)
        settings.isLogCompressed = configuration.log.isCompressed
        do {
            session = try Session(
                PosixDisk(), directory, settings, need: error.repairNeed,
                reason: error.description)
        } catch {
            ending.fail(error)
            try? group.syncShutdownGracefully()
            throw error
        }
    }

    /// Blocks until the directory can be started from.
    func run() throws(ServerFailure) {
        var channels: [any Channel] = []
        defer {
            for channel in channels { try? channel.close().wait() }
            try? eventLoop.submit { [self] in closeLinks() }.wait()
            try? group.syncShutdownGracefully()
            session.close()
        }
        channels = try bindElectionPort()
        if let port = bindClientPort() { channels.append(port) }
        eventLoop.execute { [self] in start() }
        let outcome: RepairSession<PosixDisk>.Outcome
        do {
            outcome = try ending.futureResult.wait()
        } catch {
            throw MemberRepair.failure(error)
        }
        switch outcome {
        case .repaired(let plan):
            logger.notice("repaired up to zxid \(plan.end), \(plan.fetchedCount) transactions of others")
        case .following(let reason):
            logger.notice("nothing of this server's data is used any more: \(reason)")
        case .stopped(let text): throw ServerFailure(.corruptStorage, "Repair: \(text)")
        }
    }

    private static func failure(_ error: any Error) -> ServerFailure {
        switch error {
        case let error as ServerFailure: error
        case let error as RecoveryError: ServerFailure(error.exitCode, error.description)
        case let error as DiskError:
            ServerFailure(
                .storageFailure,
                "Repair: \(error). Nothing of the old files is lost; start again when there is room")
        default: ServerFailure(.storageFailure, "Repair: \(error)")
        }
    }

    // MARK: ports

    private func bindElectionPort() throws(ServerFailure) -> [any Channel] {
        let settings = ElectionPortSettings(configuration, own)
        let desk = RepairDesk(Set(settings.peers.keys), logger) { [self] request, done in
            done(session.answer(request))
        }
        let arrivals = ArrivalQueue()
        return try PeerListener(
            "election", settings.ownAddresses, onAll: settings.listensOnAllAddresses,
            attempts: settings.bindAttempts, logger, isStopping: { false }
        ).bind(
            ServerBootstrap(group: eventLoop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            RepairGateHandler(desk, arrivals))
                    }
                })
    }

    /// For four-letter words; what cannot be listened on now may be when the server serves.
    private func bindClientPort() -> (any Channel)? {
        let words = FourLetterWords(configuration, startedAt: Now.current().monotonic).whitelist
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NotServingHandler(words))
                }
            }
        return try? ClientListener.bind(bootstrap, configuration.clients)
    }

    // MARK: on the loop

    private func start() {
        let settings = ElectionPortSettings(configuration, own)
        for (server, addresses) in settings.peers.sorted(by: { $0.key < $1.key }) {
            links.append(
                RepairLink(server, own: settings.own, addresses, eventLoop) { [self] in step($0) })
        }
        for link in links { link.connect() }
        eventLoop.scheduleRepeatedTask(
            initialDelay: MemberRepair.tick, delay: MemberRepair.tick
        ) { [self] task in
            if hasEnded { task.cancel() } else { step(.tick) }
        }
    }

    private func step(_ event: RepairEvent) {
        guard !hasEnded else { return }
        var output: [Session.Output] = []
        do {
            try session.step(event, now: Now.current().monotonic, into: &output)
        } catch {
            hasEnded = true
            return ending.fail(error)
        }
        for item in output { carryOut(item) }
    }

    private func carryOut(_ output: Session.Output) {
        switch output {
        case .ask(let server, let request): link(server)?.ask(request)
        case .disconnect(let server, let reason):
            logger.warning("the repair does without server \(server) for now: \(reason)")
            link(server)?.breakOff()
        case .say(let text): logger.warning("repair: \(text)")
        case .ended(let outcome):
            hasEnded = true
            ending.succeed(outcome)
        }
    }

    private func link(_ server: ServerID) -> RepairLink? { links.first { $0.server == server } }

    private func closeLinks() {
        for link in links { link.close() }
    }
}
