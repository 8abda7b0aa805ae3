import NIOCore
import NIOPosix
import ServerConfiguration
import Storage

/// What a server's files take on its disks, as `conf` and `dirs` print it.
package struct DirectorySizes: Equatable, Sendable {
    package var dataBytes: Int64 = 0
    package var logBytes: Int64 = 0

    package init(dataBytes: Int64 = 0, logBytes: Int64 = 0) {
        self.dataBytes = dataBytes
        self.logBytes = logBytes
    }

    /// Looks at every file: on a slow disk this takes its time.
    static func measure(_ settings: StorageSettings) -> DirectorySizes {
        DirectorySizes(
            dataBytes: bytes(settings.dataDir + "/zknode/snapshot"),
            logBytes: bytes(settings.dataLogDir + "/zknode/log"))
    }

    private static func bytes(_ path: String) -> Int64 {
        let disk = PosixDisk()
        guard let names = try? disk.list(path) else { return 0 }
        return names.reduce(0) { total, name in
            guard let file = try? disk.openForReading(path + "/" + name) else { return total }
            defer { file.close() }
            return total + ((try? file.sizeBytes()) ?? 0)
        }
    }
}

/// Measures the files on a thread of its own: a slow disk keeps nobody waiting but who asks. Who
/// asks while that is under way gets its result, so that at most one scan is.
// SAFETY: `@unchecked`: `waiting` is touched only on `eventLoop`.
final class DirectoryScan: @unchecked Sendable {
    private let eventLoop: any EventLoop
    private let measure: @Sendable () -> DirectorySizes
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private var waiting: [(DirectorySizes) -> Void] = []

    init(eventLoop: any EventLoop, measure: @escaping @Sendable () -> DirectorySizes) {
        self.eventLoop = eventLoop
        self.measure = measure
        pool.start()
    }

    /// On the loop, as is `completion`.
    func run(_ completion: @escaping (DirectorySizes) -> Void) {
        waiting.append(completion)
        guard waiting.count == 1 else { return }
        pool.submit { [self] state in
            guard state == .active else { return }
            let sizes = measure()
            eventLoop.execute { [self] in finish(sizes) }
        }
    }

    /// After a scan that is under way.
    func stop() { try? pool.syncShutdownGracefully() }

    private func finish(_ sizes: DirectorySizes) {
        let done = waiting
        waiting = []
        for completion in done { completion(sizes) }
    }
}
