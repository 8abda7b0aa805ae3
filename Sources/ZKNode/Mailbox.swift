import NIOConcurrencyHelpers

/// A hand-over between two threads: whoever receives takes everything that has gathered.
// SAFETY: `messages` is touched only while `lock` is held.
final class Mailbox<Message: Sendable>: @unchecked Sendable {
    private let lock = ConditionLock(value: false)
    private var messages: [Message] = []

    func send(_ message: Message) {
        lock.lock()
        messages.append(message)
        lock.unlock(withValue: true)
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
        lock.unlock(withValue: false)
        return taken
    }
}
