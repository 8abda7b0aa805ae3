import Glibc
import Synchronization
import ZKWire

/// The leader's log of a null quorum: a thread that writes and syncs all that has been handed over.
final class OwnLog: @unchecked Sendable {
    // SAFETY: `@unchecked`: `file` is used by the thread alone, `waiting` by turns under its lock, and
    // the pipes by anyone.
    private let file: NullLog
    private let waiting = Mutex<[UInt8]>([])
    private let durable = Atomic<UInt64>(0)
    private let hasFailed = Atomic<Bool>(false)
    private let bell: (read: Int32, write: Int32)
    private let report: (read: Int32, write: Int32)
    private var thread = pthread_t()

    /// Readable when more has become durable.
    var reports: Int32 { report.read }

    init(path: String) throws(BenchError) {
        file = try NullLog(path: path)
        bell = try Self.makePipe()
        report = try Self.makePipe()
        _ = fcntl(report.read, F_SETFL, O_NONBLOCK)
        thread = try Threads.spawn { [self] in run() }
    }

    func hand(over bytes: ByteView) {
        waiting.withLock { $0 += bytes }
        Self.ring(bell.write)
    }

    /// Up to where the log is durable.
    func takeDurable() throws(BenchError) -> UInt64 {
        var noise = [UInt8](repeating: 0, count: 256)
        while read(report.read, &noise, noise.count) == noise.count {}
        if hasFailed.load(ordering: .acquiring) { throw BenchError("the log cannot be written") }
        return durable.load(ordering: .acquiring)
    }

    func stop() {
        close(bell.write)
        pthread_join(thread, nil)
        for descriptor in [bell.read, report.read, report.write] { close(descriptor) }
    }

    private func run() {
        var noise = [UInt8](repeating: 0, count: 256)
        var batch: [UInt8] = []
        var total: UInt64 = 0
        while read(bell.read, &noise, noise.count) > 0 {
            batch.removeAll(keepingCapacity: true)
            waiting.withLock { swap(&$0, &batch) }
            guard !batch.isEmpty else { continue }
            do throws(BenchError) {
                try batch.withByteView { (bytes) throws(BenchError) in try file.write(bytes) }
                try file.sync()
            } catch {
                hasFailed.store(true, ordering: .releasing)
            }
            total += UInt64(batch.count)
            durable.store(total, ordering: .releasing)
            Self.ring(report.write)
        }
    }

    private static func ring(_ descriptor: Int32) {
        var byte: UInt8 = 1
        _ = write(descriptor, &byte, 1)
    }

    private static func makePipe() throws(BenchError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        // A follower's process must not hold them open.
        guard pipe(&ends) == 0 else { throw BenchError(systemCall: "pipe", "") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
