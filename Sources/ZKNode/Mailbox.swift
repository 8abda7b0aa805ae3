import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// A hand-over between two threads: whoever receives takes everything that has gathered.
// SAFETY: `messages` is touched only while `lock` is held.
final class Mailbox<Message: Sendable>: @unchecked Sendable {
    private let lock = ConditionLock(value: false)
    private var messages: [Message] = []
    /// Whether there may be messages; for looking without the lock.
    private let isFilled = Atomic(false)

    func send(_ message: Message) {
        lock.lock()
        messages.append(message)
        isFilled.store(true, ordering: .releasing)
        lock.unlock(withValue: true)
    }

    /// Looks for a message for a while without sleeping: to be woken takes longer than a client on
    /// the same machine takes to send its next request.
    func spin(for time: TimeAmount) {
        let end = NIODeadline.now() + time
        while !isFilled.load(ordering: .acquiring), NIODeadline.now() < end {}
    }

    /// Waits until there is something.
    func receive() -> [Message] {
        lock.lock(whenValue: true)
        return take()
    }

    /// Waits at most `seconds`; empty if nothing came.
    func receive(timeoutSeconds seconds: Double) -> [Message] {
        guard lock.lock(whenValue: true, timeoutSeconds: seconds) else { return [] }
        return take()
    }

    private func take() -> [Message] {
        let taken = messages
        messages = []
        isFilled.store(false, ordering: .relaxed)
        lock.unlock(withValue: false)
        return taken
    }
}
