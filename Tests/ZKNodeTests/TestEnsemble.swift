import ServerConfiguration
import ZKNode
import ZKWire

/// Whole servers in this process that form an ensemble on ports of the loopback.
final class TestEnsemble {
    let count: Int
    private let observers: Int
    private let adjust: (inout ServerConfiguration) -> Void
    private var directories: [TemporaryDirectory]
    private let members: [Int64: EnsembleMember]
    private(set) var nodes: [Int: TestNode] = [:]

    /// - Parameter observers: so many of the last ones do not vote.
    init(
        _ count: Int, observers: Int = 0,
        _ adjust: @escaping (inout ServerConfiguration) -> Void = { _ in }
    ) {
        self.adjust = adjust
        self.count = count
        self.observers = observers
        directories = (0..<count).map { _ in TemporaryDirectory() }
        let ports = FreePorts.take(2 * count)
        var members: [Int64: EnsembleMember] = [:]
        for id in 1...count {
            members[Int64(id)] = EnsembleMember(
                id: Int64(id),
                addresses: [
                    EnsembleMember.Address(
                        host: "127.0.0.1", quorumPort: ports[2 * id - 2],
                        electionPort: ports[2 * id - 1])
                ],
                role: id > count - observers ? .observer : .participant)
        }
        self.members = members
    }

    func quorumPort(of id: Int) -> Int { members[Int64(id)]?.addresses[0].quorumPort ?? 0 }
    func electionPort(of id: Int) -> Int { members[Int64(id)]?.addresses[0].electionPort ?? 0 }

    func configuration(of id: Int) -> ServerConfiguration {
        var configuration = TestNode.configuration(directories[id - 1])
        configuration.myID = Int64(id)
        configuration.tickTime = .milliseconds(500)
        configuration.ensemble.members = members
        configuration.ensemble.initLimit = 25
        configuration.ensemble.syncLimit = 10
        configuration.ensemble.electionBindRetries = 1
        configuration.admin.fourLetterWords = ["*"]
        adjust(&configuration)
        return configuration
    }

    // MARK: Servers

    func startAll() throws {
        for id in 1...count { try start(id) }
    }

    func start(_ id: Int) throws { nodes[id] = try TestNode(configuration(of: id)) }

    func stop(_ id: Int) { nodes.removeValue(forKey: id)?.stop() }

    func stopAbruptly(_ id: Int) { nodes.removeValue(forKey: id)?.stopAbruptly() }

    func stopAll() {
        for id in nodes.keys.sorted() { stopAbruptly(id) }
    }

    /// The disk of a server that does not run is lost.
    func wipe(_ id: Int) { directories[id - 1] = TemporaryDirectory() }

    /// Where a server keeps what it has.
    func dataDirectory(of id: Int) -> String { directories[id - 1].path }

    /// Whether the log on a server's disk goes back to the beginning.
    func hasFirstSegment(_ id: Int) -> Bool {
        let names = directories[id - 1].names(in: "zknode/log").filter { $0.hasSuffix(".log") }
        return names.contains { Int64($0.dropLast(4), radix: 16).map { $0 <= 1 << 32 | 1 } ?? false }
    }

    // MARK: Looking at them

    /// What a four-letter word says.
    func ask(_ id: Int, _ word: String) -> String {
        guard let node = nodes[id] else { return "" }
        let client = SocketClient(port: node.port)
        client.write(Array(word.utf8))
        return String(decoding: client.readToEnd(), as: UTF8.self)
    }

    /// What the admin socket says.
    func command(_ name: String, of id: Int) throws -> String {
        try AdminClient.request(name, dataDir: directories[id - 1].path, timeoutSeconds: 20)
    }

    /// The `Mode` of `srvr`, nil while the server does not serve.
    func mode(_ id: Int) -> String? {
        ask(id, "srvr").split(separator: "\n").first { $0.hasPrefix("Mode: ") }
            .map { String($0.dropFirst(6)) }
    }

    /// The number of a server that leads, if all that run serve.
    func leader() -> Int? {
        let modes = nodes.keys.sorted().map { (id: $0, mode: mode($0)) }
        for (id, mode) in modes {
            guard let mode else { return nil }
            // A blank server may be brought up without a vote at first.
            guard (mode == "observer") == (id > count - observers) else { return nil }
        }
        return modes.first { $0.mode == "leader" }?.id
    }

    /// Waits until all that run serve, as what they are meant to be.
    /// - Returns: who leads.
    func settle(within seconds: Double = 20) -> Int? {
        var leader: Int?
        _ = eventually(within: seconds) {
            leader = self.leader()
            return leader != nil
        }
        return leader
    }

    /// A session on a server.
    func client(of id: Int) throws -> SocketClient {
        let client = SocketClient(port: nodes[id]?.port ?? 0)
        try client.handshake()
        return client
    }

    /// Whether a server has a znode.
    func has(_ id: Int, _ path: String) -> Bool {
        guard let client = try? client(of: id) else { return false }
        client.send(.exists) {
            $0.writeString(path)
            $0.writeBool(false)
        }
        return (try? client.reply().error) == .ok
    }
}
