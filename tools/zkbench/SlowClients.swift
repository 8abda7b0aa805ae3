import Glibc
import Synchronization

/// What became of the clients that do not read.
struct SlowClientReport: Codable, Sendable {
    var clients: Int
    var requests: Int
    /// Whose connection the server ended.
    var closed: Int
}

/// Clients that send and do not read their replies, on a thread of their own beside a run: each sends
/// many requests at once, so that more replies wait for it than sockets hold, and then a few a second.
final class SlowClients: Sendable {
    struct Plan: Sendable {
        var servers: [ServerAddress]
        var count: Int
        var root: String
        var keys: [String]
        /// Requests at once, and then in each second, of each client.
        var burst: Int
        var requestsPerSecond: Int
    }

    private let isStopping = Atomic<Bool>(false)
    private let report = Mutex<SlowClientReport?>(nil)
    private let thread = Mutex<pthread_t?>(nil)
    private static let turn: UInt64 = 50_000_000

    /// Connects them all and starts.
    init(_ plan: Plan) throws(BenchError) {
        var clients: [SlowClient] = []
        let kinds = SlowClientKind.allCases
        for index in 0..<plan.count {
            clients.append(
                try SlowClient(
                    to: plan.servers[index % plan.servers.count],
                    // Of each kind the same number at each server.
                    kinds[index / plan.servers.count % kinds.count], root: plan.root,
                    keys: plan.keys, timeoutMilliseconds: 30000))
        }
        let connected = UncheckedClients(clients)
        let handle = try Threads.spawn { [self] in run(connected.clients, plan) }
        thread.withLock { $0 = handle }
    }

    func stop() -> SlowClientReport? {
        isStopping.store(true, ordering: .relaxed)
        if let handle = thread.withLock({ $0 }) { pthread_join(handle, nil) }
        return report.withLock { $0 }
    }

    private func run(_ connected: [SlowClient], _ plan: Plan) {
        var clients = connected
        let start = monotonicNow()
        while !isStopping.load(ordering: .relaxed) {
            let seconds = Double(monotonicNow() - start) / 1e9
            let due = plan.burst + Int(seconds * Double(plan.requestsPerSecond))
            for index in clients.indices { clients[index].advance(to: due) }
            usleep(UInt32(Self.turn / 1000))
        }
        let summary = SlowClientReport(
            clients: clients.count, requests: clients.reduce(0) { $0 + $1.requestCount },
            closed: clients.count { !$0.isOpen })
        report.withLock { $0 = summary }
    }
}

/// The clients on their way to their thread.
// SAFETY: `@unchecked`: made by one thread, which lets go of them when the other is started.
private struct UncheckedClients: @unchecked Sendable {
    let clients: [SlowClient]

    init(_ clients: [SlowClient]) { self.clients = clients }
}
