import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Recovery
import Repair
import Snapshot
import Storage
import TxnLog
import ZKWire
import Zab

/// A running member's answers to those that repair themselves: from its files, on a thread of its
/// own.
// SAFETY: `@unchecked`: what the two threads share is behind the lock.
final class RepairService: @unchecked Sendable {
    /// What the log has by now is looked for at most so often.
    private static let surveyInterval = TimeAmount.seconds(10)

    private let own: ServerID
    private let directory: DataDirectory
    private let disk = PosixDisk()
    /// One answers, the other one looks through the files.
    private let pool = NIOThreadPool(numberOfThreads: 2)

    private struct View {
        var answerer: RepairAnswerer<PosixDisk>?
        /// As it was before the files were looked through.
        var standing: RepairStanding?
        var surveyedAt = NIODeadline.uptimeNanoseconds(0)
        var isLooking = false
    }

    private let view = NIOLockedValueBox(View())

    init(_ own: ServerID, _ directory: DataDirectory) {
        self.own = own
        self.directory = directory
        pool.start()
    }

    /// - Parameters:
    ///   - standing: as it is when the request comes.
    ///   - done: called on `eventLoop`.
    func answer(
        _ request: RepairRequest, _ standing: RepairStanding, on eventLoop: any EventLoop,
        _ done: @escaping (RepairResponse?) -> Void
    ) {
        // SAFETY: made and called on the one loop.
        nonisolated(unsafe) let done = done
        pool.submit { [self] state in
            guard state == .active else { return }
            let response = answer(request, standing)
            eventLoop.execute { done(response) }
        }
    }

    func stop() { try? pool.syncShutdownGracefully() }

    /// - Returns: nil if it cannot be answered now.
    private func answer(_ request: RepairRequest, _ standing: RepairStanding) -> RepairResponse? {
        let (answerer, earlier) = look(standing, isNew: request.isHello)
        return standing.answer(request, own, answerer, since: earlier)
    }

    /// What is in the files, looked through anew for who comes, from time to time, and when what was
    /// found does not hold any more. That may take long, so it is not waited for.
    private func look(
        _ standing: RepairStanding, isNew: Bool
    ) -> (RepairAnswerer<PosixDisk>?, since: RepairStanding?) {
        let (answerer, earlier, isDue) = view.withLockedValue { view in
            let isOutdated = isNew || view.standing.map { !standing.holds($0) } ?? true
            let age = NIODeadline.now() - view.surveyedAt
            let isDue =
                !view.isLooking
                && (view.answerer == nil || isOutdated || age >= RepairService.surveyInterval)
            if isDue { view.isLooking = true }
            // What there was for another one may have been long ago.
            if isNew { view.answerer = nil }
            return (view.answerer, view.standing, isDue)
        }
        if isDue { pool.submit { [self] state in if state == .active { survey(standing) } } }
        return (answerer, earlier)
    }

    private func survey(_ standing: RepairStanding) {
        let meta = (try? MetaInspection(disk, directory: directory.own))?.record
        let answerer = meta.map { meta in
            RepairAnswerer(
                disk, directory, base: meta.base,
                SnapshotOrigin(ensembleID: meta.ensembleID, generation: meta.baseGeneration))
        }
        view.withLockedValue {
            $0 = View(answerer: answerer, standing: standing, surveyedAt: .now())
        }
    }
}

extension RepairRequest {
    fileprivate var isHello: Bool { if case .hello = self { true } else { false } }
}
