// The way of the log to standard error. Whoever logs only queues: a pipe that nobody reads, or a
// disk that stands still, must not keep the core's loop, and with it every client, waiting.
//
// 1. Lines come out whole and in order.
// 2. The queue is bounded. What does not fit is dropped and counted, and the count stands as a line
//    in the place of what it replaces.

import Glibc
import NIOConcurrencyHelpers
import NIOPosix

/// Writes lines to a descriptor on a thread of its own.
// SAFETY: `@unchecked`: `queue` and `isBusy` are touched only while `lock` is held.
package final class LogWriter: @unchecked Sendable {
    /// What may wait: some ten thousand lines.
    package static let maximumBytes = 1 << 20

    private let descriptor: Int32
    private let pool = NIOThreadPool(numberOfThreads: 1)
    /// The condition is whether anything waits or is being written.
    private let lock = ConditionLock(value: false)
    private var isBusy = false
    private var queue: LogQueue

    /// - Parameter dropNotice: the line that stands for so many dropped ones.
    package init(
        descriptor: Int32, maximumBytes: Int = LogWriter.maximumBytes,
        dropNotice: @escaping @Sendable (Int) -> String
    ) {
        self.descriptor = descriptor
        queue = LogQueue(maximumBytes: maximumBytes, dropNotice: dropNotice)
        pool.start()
    }

    /// Queues a line with its newline, and returns at once.
    package func write(_ line: String) {
        lock.lock()
        queue.add(line)
        let isFirst = !isBusy
        isBusy = true
        lock.unlock(withValue: true)
        if isFirst { pool.submit { [self] _ in drain() } }
    }

    /// Waits until everything that was queued before has been written.
    /// - Returns: false if that took longer than `limitSeconds`.
    @discardableResult
    package func flush(limitSeconds: Double) -> Bool {
        guard lock.lock(whenValue: false, timeoutSeconds: limitSeconds) else { return false }
        lock.unlock()
        return true
    }

    /// Ends the thread when everything is written; nothing may be queued any more.
    package func close() { try? pool.syncShutdownGracefully() }

    private func drain() {
        while let bytes = takeQueued() { writeOut(bytes) }
    }

    private func takeQueued() -> [UInt8]? {
        lock.lock()
        let bytes = queue.take()
        isBusy = !bytes.isEmpty
        lock.unlock(withValue: isBusy)
        return bytes.isEmpty ? nil : bytes
    }

    private func writeOut(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waited, 1, -1)
            } else if errno != EINTR {
                return  // closed: there is nobody to tell
            }
        }
    }
}

/// Lines that wait, as bytes.
struct LogQueue {
    let maximumBytes: Int
    let dropNotice: @Sendable (Int) -> String
    private var bytes: [UInt8] = []
    private var droppedCount = 0

    init(maximumBytes: Int, dropNotice: @escaping @Sendable (Int) -> String) {
        self.maximumBytes = maximumBytes
        self.dropNotice = dropNotice
    }

    mutating func add(_ line: String) {
        let isFull = !bytes.isEmpty && bytes.count + line.utf8.count > maximumBytes
        // After the first that did not fit a shorter one would come out of its place.
        if isFull || droppedCount > 0 {
            droppedCount += 1
        } else {
            bytes += line.utf8
        }
    }

    /// Everything; empty if there is nothing.
    mutating func take() -> [UInt8] {
        var taken = bytes
        if droppedCount > 0 { taken += dropNotice(droppedCount).utf8 }
        bytes = []
        droppedCount = 0
        return taken
    }
}
