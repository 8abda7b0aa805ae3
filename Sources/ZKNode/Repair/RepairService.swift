import Logging
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
// SAFETY: `@unchecked`: `answerer` and `surveyedAt` are touched by the pool's one thread only.
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
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private var answerer: RepairAnswerer<PosixDisk>?
    private var surveyedAt = NIODeadline.uptimeNanoseconds(0)

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

    private func answer(_ request: RepairRequest, _ standing: Standing) -> RepairResponse? {
        guard let answerer = look(isNew: request.isHello) else { return nil }
        switch request {
        case .hello, .status:
            return .status(
                answerer.status(
                    own, standing.state, isTrusted: standing.mayVote,
                    accepted: standing.epochs.accepted, current: standing.epochs.current))
        case .txns(let span): return .txns(answerer.txns(span))
        case .snapshot(let zxid, let offset):
            return .snapshot(zxid, offset: offset, answerer.snapshot(zxid, offset: offset))
        }
    }

    /// What is in the files, looked through anew for who comes, and from time to time.
    private func look(isNew: Bool) -> RepairAnswerer<PosixDisk>? {
        let now = NIODeadline.now()
        if let answerer, !isNew, now - surveyedAt < RepairService.surveyInterval { return answerer }
        guard let meta = (try? MetaInspection(disk, directory: directory.own))?.record else {
            return nil
        }
        let origin = SnapshotOrigin(
            ensembleID: meta.ensembleID, generation: meta.baseGeneration)
        answerer = RepairAnswerer(disk, directory, base: meta.base, origin)
        surveyedAt = .now()
        return answerer
    }
}

extension RepairRequest {
    fileprivate var isHello: Bool { if case .hello = self { true } else { false } }
}

extension RepairService.Standing {
    init(_ peer: Peer) {
        let state: RepairPeerState =
            switch peer.role {
            case .looking: .looking
            case .leading(_, let isEstablished): isEstablished ? .established : .joining
            case .following(_, let isSynced), .observing(_, let isSynced):
                isSynced ? .established : .joining
            }
        self.init(state: state, mayVote: peer.mayVote, epochs: peer.epochs)
    }
}
