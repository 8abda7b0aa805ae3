import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import ServerConfiguration
import Testing
import ZKNode
import ZKWire
import Zab

@Suite("The election port: who connects to whom, and what a stranger can do", .serialized)
struct ElectionPortTests {
    /// Some ports of one ensemble, each on its loop, and what they told.
    private final class Ports {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let numbers: [Int]
        private(set) var ports: [Int: ElectionPort] = [:]
        private let told = NIOLockedValueBox<[Int: [String]]>([:])

        init(_ count: Int) { numbers = FreePorts.take(count) }

        func start(_ id: Int) throws {
            func place(_ id: Int) -> [HostAndPort] {
                [HostAndPort(host: "127.0.0.1", port: numbers[id - 1])]
            }
            var peers: [ServerID: [HostAndPort]] = [:]
            for other in 1...numbers.count where other != id {
                peers[ServerID(rawValue: Int64(other))] = place(other)
            }
            let port = ElectionPort(
                ElectionPortSettings(
                    own: ServerID(rawValue: Int64(id)), ownAddresses: place(id), peers: peers),
                group.next(), Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try port.bind()
            ports[id] = port
            let told = told
            try group.next().submit {
                port.start(
                    ElectionReports(
                        link: { server, isUp in
                            told.withLockedValue {
                                $0[id, default: []].append("\(isUp ? "up" : "down") \(server)")
                            }
                        },
                        notification: { notification in
                            told.withLockedValue {
                                $0[id, default: []].append(
                                    "\(notification.sender) says \(notification.round)")
                            }
                        },
                        isLooking: { true }))
            }.wait()
        }

        func send(_ round: Int64, from id: Int, to other: Int) throws {
            guard let port = ports[id] else { return }
            let sender = ServerID(rawValue: Int64(id))
            try group.next().submit {
                port.send(
                    Zab.Notification(
                        sender: sender, state: .looking,
                        vote: Zab.Vote(
                            leader: sender, zxid: .zero, peerEpoch: Epoch(rawValue: 0)),
                        round: round),
                    to: ServerID(rawValue: Int64(other)))
            }.wait()
        }

        func stop(_ id: Int) throws {
            guard let port = ports.removeValue(forKey: id) else { return }
            try group.next().submit { port.close() }.wait()
        }

        func stopAll() {
            for id in ports.keys.sorted() { try? stop(id) }
            try? group.syncShutdownGracefully()
        }

        func has(_ id: Int, _ line: String) -> Bool {
            told.withLockedValue { $0[id, default: []].contains(line) }
        }

        func count(_ id: Int, _ line: String) -> Int {
            told.withLockedValue { $0[id, default: []].filter { $0 == line }.count }
        }
    }

    @Test("whichever server starts first, both hear of the connection and of each other")
    func connects() throws {
        for order in [[1, 2], [2, 1]] {
            let ports = Ports(2)
            defer { ports.stopAll() }
            for id in order { try ports.start(id) }
            #expect(eventually { ports.has(1, "up 2") && ports.has(2, "up 1") })
            try ports.send(7, from: 1, to: 2)
            try ports.send(8, from: 2, to: 1)
            #expect(eventually { ports.has(2, "1 says 7") && ports.has(1, "2 says 8") })
        }
    }

    @Test("of what was to be sent while there was no connection only the last is")
    func lastOnly() throws {
        let ports = Ports(2)
        defer { ports.stopAll() }
        try ports.start(2)
        for round: Int64 in 1...5 { try ports.send(round, from: 2, to: 1) }
        try ports.start(1)
        #expect(eventually { ports.has(1, "2 says 5") })
        #expect(!ports.has(1, "2 says 4"))
    }

    @Test("a server that went and came back is connected again, and its absence is told")
    func comesBack() throws {
        for gone in [1, 2] {
            let ports = Ports(2)
            defer { ports.stopAll() }
            try ports.start(1)
            try ports.start(2)
            let stays = 3 - gone
            #expect(eventually { ports.has(stays, "up \(gone)") })
            try ports.stop(gone)
            #expect(eventually { ports.has(stays, "down \(gone)") })
            try ports.start(gone)
            #expect(eventually { ports.count(stays, "up \(gone)") >= 2 })
            try ports.send(3, from: gone, to: stays)
            #expect(eventually { ports.has(stays, "\(gone) says 3") })
        }
    }

    @Test("who claims a lower id than the server's own takes no connection over")
    func impostor() throws {
        let ports = Ports(2)
        defer { ports.stopAll() }
        try ports.start(1)
        try ports.start(2)
        #expect(eventually { ports.has(2, "up 1") })
        let hello = ByteWriter()
        hello.writeElectionInitialMessage(
            ElectionInitialMessage(
                server: ServerID(rawValue: 1),
                addresses: [ElectionAddress(host: "127.0.0.1", port: 9)]))
        let impostor = SocketClient(port: ports.numbers[1])
        impostor.write(hello.bytes)
        #expect(impostor.readToEnd().isEmpty)
        try ports.send(4, from: 1, to: 2)
        #expect(eventually { ports.has(2, "1 says 4") })
        #expect(!ports.has(2, "down 1"))
    }

    @Test("a server that speaks what this one does not is shown out, and is no connection")
    func otherVersions() throws {
        let ports = Ports(2)
        defer { ports.stopAll() }
        try ports.start(1)
        let bareID = ByteWriter()
        bareID.writeInt64(2)
        let later = ByteWriter()
        later.writeInt64(-65534)
        later.writeInt64(2)
        let hello: [UInt8] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 7]
        for bytes in [bareID.bytes, later.bytes, hello] {
            let stranger = SocketClient(port: ports.numbers[0])
            stranger.write(bytes)
            #expect(stranger.readToEnd().isEmpty)
        }
        #expect(!ports.has(1, "up 2"))
        try ports.start(2)
        #expect(eventually { ports.has(1, "up 2") })
    }

    @Test("any number of silent connections does not keep a server out")
    func silence() throws {
        let ports = Ports(2)
        defer { ports.stopAll() }
        try ports.start(1)
        let silent = (0..<200).map { _ in SocketClient(port: ports.numbers[0]) }
        try ports.start(2)
        #expect(eventually { ports.has(1, "up 2") })
        withExtendedLifetime(silent) {}
    }
}
