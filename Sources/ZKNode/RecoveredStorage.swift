import DataTree
import Logging
import NIOCore
import Recovery
import Resync
import ServerConfiguration
import ServerCore
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

/// What a start got from the disk.
struct RecoveredStorage {
    let state: RecoveredState<PosixDisk>
    /// Loads the tree again, if it has to be.
    let recovery: Recovery<PosixDisk>
    /// What the protocol has to know of it.
    let durable: DurableState
    /// One line for the end of the start: what was recovered.
    let summary: String

    /// Opens the data directory of a configuration, making it at the first start.
    static func open(
        _ server: ServerConfiguration, _ logger: Logger
    ) throws(ServerFailure) -> RecoveredStorage {
        let disk = PosixDisk()
        let directory = DataDirectory(
            server.storage.dataDir, dataLog: server.storage.givenDataLogDir)
        try checkDirectories(directory, server.storage, disk)
        let beginning = try FirstStart(server.storage, directory, disk)
        var random = SystemRandomNumberGenerator()
        var configuration = RecoveryConfiguration(
            serverID: ServerID(rawValue: server.myID ?? 0),
            newEnsembleID: UInt64.random(in: 1...UInt64.max, using: &random),
            seed: random.next(),
            now: { .nanoseconds(Int64(NIODeadline.now().uptimeNanoseconds)) })
        configuration.segmentSizeBytes = server.log.segmentBytes
        configuration.isLogCompressed = server.log.isCompressed
        configuration.keepsDigest = server.isEnsembleMember && server.storage.isDigestEnabled
        do {
            try makeDirectories(directory, disk)
            let progress = ProgressLog(logger)
            let recovery = Recovery(disk, directory, configuration)
            let state = try load(recovery, server, directory, logger) { progress.note($0) }
            for line in state.report.warnings { logger.warning("\(line)") }
            beginning.end(disk, logger)
            return RecoveredStorage(
                state: state, recovery: recovery,
                durable: state.durable(isFirstStart: beginning.isMarked),
                summary: state.report.summary)
        } catch let error as RecoveryError {
            throw ServerFailure(error.exitCode, error.description)
        } catch {
            throw (error as? ServerFailure) ?? ServerFailure(.failure, "\(error)")
        }
    }

    /// A repair may uncover what another one has to mend: a snapshot that only shows what it lacks
    /// once the log is whole.
    private static let maximumRepairs = 3

    /// Loads the state, and has a member repaired that is damaged.
    private static func load(
        _ recovery: Recovery<PosixDisk>, _ server: ServerConfiguration,
        _ directory: DataDirectory, _ logger: Logger, _ progress: (RecoveryProgress) -> Void
    ) throws -> RecoveredState<PosixDisk> {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<maximumRepairs {
            do throws(RecoveryError) {
                return try recovery.load(progress: progress)
            } catch {
                guard
                    let repair = try MemberRepair.begin(
                        server, directory, error, seed: random.next(), logger)
                else { throw error }
                try repair.run()
            }
        }
        return try recovery.load(progress: progress)
    }

    /// `datadir.autocreate=false`: a path that is not there is a mistake, or not mounted.
    private static func checkDirectories(
        _ directory: DataDirectory, _ settings: StorageSettings, _ disk: PosixDisk
    ) throws(ServerFailure) {
        guard !settings.isDataDirCreated else { return }
        for path in [directory.data, directory.dataLog] where !disk.exists(path) {
            throw ServerFailure(
                .dataDirectory,
                """
                \(path) is not there, and datadir.autocreate is false. Mount its disk, correct \
                dataDir or dataLogDir, or make the directory
                """)
        }
    }

    private static func makeDirectories(
        _ directory: DataDirectory, _ disk: PosixDisk
    ) throws(RecoveryError) {
        for path in Set([directory.data, directory.dataLog]).sorted() {
            do throws(DiskError) {
                try disk.createDirectories(path)
            } catch {
                throw .disk(error)
            }
        }
    }
}

extension LogSettings {
    /// `txnLogSizeLimitInKb` as far as a segment can be that small or large.
    package var segmentBytes: Int {
        let sizes = LogSettings.segmentBytesRange
        return min(max(maxSegmentBytes ?? .max, sizes.lowerBound), sizes.upperBound)
    }
}

extension PosixDisk {
    /// Makes a directory and the ones above it that are missing.
    fileprivate func createDirectories(_ path: String) throws(DiskError) {
        guard !exists(path) else { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try createDirectories(String(path[..<slash]))
        }
        try createDirectory(path)
    }
}

/// Says how far a long start has got, at most every two seconds.
private final class ProgressLog {
    private let logger: Logger
    private var next = NIODeadline.now() + .seconds(2)

    init(_ logger: Logger) { self.logger = logger }

    func note(_ progress: RecoveryProgress) {
        guard NIODeadline.now() >= next else { return }
        next = .now() + .seconds(2)
        switch progress {
        case .snapshot(let name, let readBytes):
            logger.info("loading \(name.fileName): \(readBytes >> 20) MiB read")
        case .replay(let zxid, let last): logger.info("replaying the log: \(zxid) of \(last)")
        }
    }
}

extension LoadReport {
    /// What an operator should look at, a line each.
    var warnings: [String] {
        var lines = skipped.map { "passed over \($0.name): \($0.reason)" }
        if let imported { lines += imported.warnings }
        lines += removedTemporaries.map { "removed \($0), which a crash had left unfinished" }
        if let log, case .tornTail(let file, let offset, _) = log.verdict {
            lines.append(
                """
                cut \(file) at offset \(offset): the last write had not been finished and nothing \
                in it was acknowledged
                """)
        }
        if let log, case .discardedSegment(let file, _) = log.verdict {
            lines.append("removed \(file): it was being made and had nothing acknowledged in it")
        }
        if let log, !log.isWatermarkKnown {
            lines.append("the log's watermark was unreadable; it is written anew")
        }
        return lines
    }

    var summary: String {
        var text: String
        switch (imported, snapshot) {
        case (let imported?, _):
            text = imported.summary
        case (nil, let snapshot?):
            text = "recovered \(snapshot.fileName) and \(replayedCount) transactions after it"
        case (nil, nil):
            text =
                start == .create
                ? "began a new data directory" : "recovered \(replayedCount) transactions"
        }
        text += ", zxid \(lastZxid), in \(totalDuration.wholeMilliseconds) ms"
        return text
    }
}

extension ImportReport {
    /// What of Apache's was not taken over, a line each.
    var warnings: [String] {
        var lines = skipped.map { "passed over Apache's \($0.name): \($0.reason)" }
        if let tornTail {
            lines.append(
                """
                left out the unfinished record at the end of Apache's \(tornTail): it was never \
                acknowledged
                """)
        }
        return lines
    }

    var summary: String {
        let from = snapshot.map { "\($0.fileName) and " } ?? ""
        return """
            imported Apache ZooKeeper's \(from)\(replayedCount) transactions from its log; its files \
            stay as they are and are not read again
            """
    }
}
