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

    /// What only the core knows.
    struct Standing: Sendable {
        let state: RepairPeerState
        let mayVote: Bool
        let epochs: Epochs
    }

    private let own: ServerID
    private let directory: DataDirectory
    private let disk = PosixDisk()
    /// One answers, the other one looks through the files.
    private let pool = NIOThreadPool(numberOfThreads: 2)

    private struct View {
        var answerer: RepairAnswerer<PosixDisk>?
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
        _ request: RepairRequest, _ standing: Standing, on eventLoop: any EventLoop,
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
    private func answer(_ request: RepairRequest, _ standing: Standing) -> RepairResponse? {
        let answerer = look(isNew: request.isHello)
        switch request {
        case .hello, .status:
            guard let answerer else { return .status(starting(standing)) }
            return .status(
                answerer.status(
                    own, standing.state, isTrusted: standing.mayVote,
                    accepted: standing.epochs.accepted, current: standing.epochs.current))
        case .txns(let span): return answerer.map { .txns($0.txns(span)) }
        case .snapshot(let zxid, let offset):
            return answerer.map {
                .snapshot(zxid, offset: offset, $0.snapshot(zxid, offset: offset))
            }
        }
    }

    /// Nothing is known of the files yet.
    private func starting(_ standing: Standing) -> RepairStatus {
        RepairStatus(
            server: own, state: .starting, isTrusted: false,
            acceptedEpoch: standing.epochs.accepted, currentEpoch: standing.epochs.current,
            log: ZxidSpan(after: .zero, through: .zero))
    }

    /// What is in the files, looked through anew for who comes, and from time to time. That may take
    /// long, so it is not waited for.
    private func look(isNew: Bool) -> RepairAnswerer<PosixDisk>? {
        let (answerer, isDue) = view.withLockedValue { view in
            let age = NIODeadline.now() - view.surveyedAt
            let isDue =
                !view.isLooking
                && (view.answerer == nil || isNew || age >= RepairService.surveyInterval)
            if isDue { view.isLooking = true }
            // What there was for another one may have been long ago.
            if isNew { view.answerer = nil }
            return (view.answerer, isDue)
        }
        if isDue { pool.submit { [self] state in if state == .active { survey() } } }
        return answerer
    }

    private func survey() {
        let meta = (try? MetaInspection(disk, directory: directory.own))?.record
        let answerer = meta.map { meta in
            RepairAnswerer(
                disk, directory, base: meta.base,
                SnapshotOrigin(ensembleID: meta.ensembleID, generation: meta.baseGeneration))
        }
        view.withLockedValue {
            $0 = View(answerer: answerer, surveyedAt: .now())
        }
    }
}

extension RepairRequest {
    fileprivate var isHello: Bool { if case .hello = self { true } else { false } }
}

extension RepairService.Standing {
    init(_ peer: Peer) {
        self.init(
            state: RepairPeerState(peer.role), mayVote: peer.mayVote, epochs: peer.epochs)
    }
}
