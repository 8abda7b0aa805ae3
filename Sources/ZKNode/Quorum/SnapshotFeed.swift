import NIOConcurrencyHelpers
import ZKWire

/// The bytes of a snapshot on their way from the core's loop to the thread that installs it, and
/// behind them the packets that come after it. Bounded: the socket is not read while it is full.
// SAFETY: `@unchecked`: all state is touched only while `lock` is held.
final class SnapshotFeed: @unchecked Sendable {
    /// The socket is read again below the first, and not above the second.
    private static let lowBytes = 2 << 20
    private static let highBytes = 8 << 20

    /// The condition is whether the reader has something to do.
    private let lock = ConditionLock(value: false)
    private var pieces: [[UInt8]] = []
    private var bytes = 0
    private var isClosed = false
    private var isFull = false
    /// The reader has all of the snapshot, and makes it durable.
    private var isEnded = false
    private let onRoom: @Sendable () -> Void

    /// - Parameter onRoom: called on the reader's thread when there is room again.
    init(onRoom: @escaping @Sendable () -> Void) { self.onRoom = onRoom }

    /// - Returns: whether there is room for more.
    func push(_ view: ByteView) -> Bool {
        guard view.count > 0 else { return true }
        lock.lock()
        pieces.append([UInt8](view))
        bytes += view.count
        isFull = bytes > SnapshotFeed.highBytes
        let hasRoom = !isFull
        lock.unlock(withValue: true)
        return hasRoom
    }

    /// Nothing more comes.
    func close() {
        lock.lock()
        isClosed = true
        lock.unlock(withValue: true)
    }

    /// Whether the reader has to go on, not the sender.
    var isWaitingForReader: Bool {
        lock.lock()
        defer { lock.unlock() }
        return isEnded || !pieces.isEmpty
    }

    // MARK: The reader

    /// Waits for bytes.
    /// - Returns: nil if the connection has ended and everything was taken.
    func next() -> [UInt8]? {
        lock.lock(whenValue: true)
        guard !pieces.isEmpty else {
            lock.unlock(withValue: true)  // closed
            return nil
        }
        let piece = pieces.removeFirst()
        bytes -= piece.count
        let hasRoomAgain = isFull && bytes < SnapshotFeed.lowBytes
        if hasRoomAgain { isFull = false }
        lock.unlock(withValue: !pieces.isEmpty || isClosed)
        if hasRoomAgain { onRoom() }
        return piece
    }

    /// The snapshot has ended.
    /// - Parameter rest: what of the last piece comes behind it.
    func end(_ rest: ArraySlice<UInt8>) {
        lock.lock()
        isEnded = true
        if !rest.isEmpty { pieces.insert(Array(rest), at: 0) }
        bytes += rest.count
        lock.unlock(withValue: true)
    }

    // MARK: Afterwards

    /// What came behind the snapshot.
    func takeRest() -> [UInt8] {
        lock.lock()
        let rest = Array(pieces.joined())
        pieces = []
        bytes = 0
        isFull = false
        lock.unlock(withValue: isClosed)
        return rest
    }
}
