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

    private var channels: [(id: ObjectIdentifier, channel: any Channel)] = []

    var count: Int { channels.count }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        channels.append((id, channel))
        channel.eventLoop.assumeIsolated().scheduleTask(in: ArrivalQueue.deadline) { [weak self] in
            guard let self, take(id) else { return }
            channel.close(promise: nil)
        }
        guard channels.count > ArrivalQueue.maximumCount else { return }
        channels.removeFirst().channel.close(promise: nil)
    }

    /// It has said who it is, or is gone.
    func remove(_ channel: any Channel) { _ = take(ObjectIdentifier(channel)) }

    func closeAll() {
        let all = channels
        channels = []
        for entry in all { entry.channel.close(promise: nil) }
    }

    private func take(_ id: ObjectIdentifier) -> Bool {
        guard let index = channels.firstIndex(where: { $0.id == id }) else { return false }
        channels.remove(at: index)
        return true
    }
}
