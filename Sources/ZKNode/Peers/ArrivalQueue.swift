import NIOCore

/// Connections that have not said yet whose they are: they are few, and for a short time. When there
/// are too many, the one that has been silent longest goes, so that whoever opens many connections
/// keeps none of the ensemble's out for longer than it takes to open those.
// SAFETY: `@unchecked`: confined to the core's event loop.
final class ArrivalQueue: @unchecked Sendable {
    /// Far more than an ensemble has servers.
    static let maximumCount = 64
    /// To say who it is.
    static let deadline = TimeAmount.seconds(5)

    private struct Arrival {
        let id: ObjectIdentifier
        let channel: any Channel
        let timer: Scheduled<Void>
    }

    /// In order of arrival.
    private var waiting: [Arrival] = []

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let timer = channel.eventLoop.assumeIsolated().scheduleTask(in: ArrivalQueue.deadline) {
            [weak self] in
            guard let silent = self?.take(id) else { return }
            silent.close(promise: nil)
        }
        waiting.append(Arrival(id: id, channel: channel, timer: timer))
        if waiting.count > ArrivalQueue.maximumCount {
            take(waiting[0].id)?.close(promise: nil)
        }
    }

    /// It has said who it is, or is gone.
    func remove(_ channel: any Channel) { _ = take(ObjectIdentifier(channel)) }

    func closeAll() {
        while let first = waiting.first { take(first.id)?.close(promise: nil) }
    }

    private func take(_ id: ObjectIdentifier) -> (any Channel)? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        let arrival = waiting.remove(at: index)
        // So that nothing is kept of the many that a flood brings.
        arrival.timer.cancel()
        return arrival.channel
    }
}
