import DataTree
import ServerCore
import TxnLog
import ZKWire
import Zab

/// A core with a log, driven as the shell drives it, without sockets, threads or a disk. One client
/// sends batches of requests.
final class MicroServer {
    private let core: ServerCore
    private let log: TxnLog<MemoryDisk>
    private var effects = Effects()
    /// What is being carried out; swapped with `effects`, as the shell does.
    private var acting = Effects()
    private let now = Now(
        monotonic: Instant(nanoseconds: 1_000_000_000), wallMilliseconds: 1_700_000_000_000)
    private let connection = ConnectionID(rawValue: 1)
    private let gets: [ByteWriter]
    private let sets: [ByteWriter]

    init(znodes: Int, value: [UInt8], batch: Int) throws {
        let tree = SampleTree.make(znodes: znodes, value: value)
        let end = tree.lastProcessedZxid
        let configuration = CoreConfiguration()
        core = ServerCore(
            configuration: configuration,
            zab: ZabConfiguration(
                serverID: configuration.serverID, membership: Membership([configuration.serverID])),
            durable: DurableState(
                epochs: Epochs(accepted: end.epoch, current: end.epoch), lastZxid: end,
                isBlank: false),
            tree: tree, now: now)
        var settings = TxnLogConfiguration(ensembleID: 1, saltSeed: 1)
        settings.segmentSizeBytes = 64 << 20
        log = try TxnLog.open(disk: MemoryDisk(), directory: "log", configuration: settings).log
        // A batch's frames in one piece, as one read of the socket has them; each turn another part
        // of the tree.
        let pieces = { (frame: (Int) -> ByteWriter) in
            (0..<(znodes / batch)).map { turn in
                let all = ByteWriter()
                for number in 0..<batch { all.writeRaw(frame(turn * batch + number).bytes) }
                return all
            }
        }
        gets = pieces { Frames.get($0, xid: 1) }
        sets = pieces { Frames.set($0, value: value, xid: 1) }
        open()
    }

    func get(_ turn: Int) { take(gets[turn % gets.count]) }
    func set(_ turn: Int) { take(sets[turn % sets.count]) }

    private func open() {
        step(.started)
        endTurn()
        step(.connectionOpened(connection, address: PeerAddress(host: "127.0.0.1", port: 40_000)))
        take(Frames.connect())
        precondition(core.connections[connection]?.phase == .open, "the session was not made")
    }

    /// A turn with what one read brought.
    private func take(_ bytes: ByteWriter) {
        // A view does not keep its bytes.
        withExtendedLifetime(bytes) { step(.bytesReceived(connection, bytes.view)) }
        endTurn()
    }

    private func step(_ event: Event) { core.step(event, now: now, into: &effects) }

    /// Does what the core wants until it wants nothing more.
    private func endTurn() {
        repeat {
            step(.turnEnded)
            swap(&acting, &effects)
            for connection in acting.output {
                connection.outputTaken()
                precondition(connection.output.count > 0)
                connection.output.removeAll()
            }
            if let (_, reason) = acting.close.first {
                fatalError("the connection was closed: \(reason)")
            }
            for case .writeEpochs(let epochs) in acting.zab.storage {
                step(.zab(.epochsWritten(epochs)))
            }
            if !acting.zab.append.isEmpty { append(acting.zab.append) }
            acting.removeAll()
        } while !effects.isEmpty || !core.isTurnEmpty
    }

    private func append(_ batches: [TxnBatch]) {
        do throws(TxnLogError) {
            let result = try log.append(batches)
            step(.zab(.appended(upTo: result.durableZxid)))
        } catch {
            preconditionFailure("a disk in memory failed: \(error)")
        }
    }
}
