import ServerConfiguration
import ServerCore
import Testing
import ZKNode
import ZKWire

@Suite("A whole server: start, serve, stop, start again", .serialized)
struct ServerTests {
    @Test("what was acknowledged is there after a clean stop, and the directory is free")
    func restart() throws {
        let directory = TemporaryDirectory()
        let first = try TestNode(TestNode.configuration(directory))
        let client = SocketClient(port: first.port)
        try client.handshake()
        client.create("/a")
        #expect(try client.reply().error == .ok)
        first.stop()
        let second = try TestNode(TestNode.configuration(directory))
        let reader = SocketClient(port: second.port)
        try reader.handshake()
        reader.send(.exists) {
            $0.writeString("/a")
            $0.writeBool(false)
        }
        #expect(try reader.reply().error == .ok)
        second.stop()
    }

    @Test("a word whose sender closes its side at once is answered")
    func word() throws {
        let directory = TemporaryDirectory()
        let node = try TestNode(TestNode.configuration(directory))
        let client = SocketClient(port: node.port)
        client.write(Array("srvr".utf8))
        client.closeOutput()
        #expect(String(decoding: client.readToEnd(), as: UTF8.self).contains("Mode: standalone"))
        node.stop()
    }

    @Test("requests pipelined with closeSession are answered, and then the connection ends")
    func closeSession() throws {
        let directory = TemporaryDirectory()
        let node = try TestNode(TestNode.configuration(directory))
        let client = SocketClient(port: node.port)
        try client.handshake()
        client.create("/a")
        client.send(.closeSession)
        client.create("/late")
        #expect(try client.reply().error == .ok)
        #expect(try client.reply().error == .ok)
        #expect(client.readToEnd().isEmpty)
        node.stop()
    }

    @Test("snapshots go on when one is due while another is being written")
    func snapshotsGoOn() throws {
        let directory = TemporaryDirectory()
        var configuration = TestNode.configuration(directory)
        configuration.snapshots.transactionCount = 40
        let node = try TestNode(configuration)
        let client = SocketClient(port: node.port)
        try client.handshake()
        var last = Zxid.zero
        for round in 0..<20 {
            for number in 0..<200 { client.create("/n\(round)-\(number)") }
            for _ in 0..<200 { last = try client.reply().zxid }
        }
        // A burst may be applied in one go, and one snapshot may be under way for all of it.
        let floor = Zxid(rawValue: last.rawValue - 400)
        var newest = Zxid.zero
        for _ in 0..<20_000 where newest < floor {
            client.send(.ping)
            _ = try client.reply()
            newest = directory.newestSnapshot
        }
        #expect(newest >= floor, "the newest snapshot is of \(newest), the last write \(last)")
        node.stop()
    }

    @Test("a port that is taken is said so, and leaves nothing behind")
    func portTaken() throws {
        let (one, other) = (TemporaryDirectory(), TemporaryDirectory())
        let node = try TestNode(TestNode.configuration(one))
        var configuration = TestNode.configuration(other)
        configuration.clients.port = node.port
        let failure = #expect(throws: ServerFailure.self) { try TestNode(configuration) }
        #expect(failure?.code == .cannotListen)
        #expect(failure?.description.contains("Address already in use (errno 98)") == true)
        configuration.clients.port = 0
        try TestNode(configuration).stop()
        node.stop()
    }

    @Test("a setting that cannot be followed is refused before anything is made")
    func badSetting() throws {
        let directory = TemporaryDirectory()
        var configuration = TestNode.configuration(directory)
        configuration.security.digestAlgorithm = .sha3With256
        let failure = #expect(throws: ServerFailure.self) { try TestNode(configuration) }
        #expect(failure?.code == .badConfiguration)
        #expect(directory.names(in: "").isEmpty)
    }

    @Test("a segment's size is kept to what the log can do")
    func segmentSize() {
        var log = ServerConfiguration.standalone().log
        for (given, size) in [(1024, 1 << 16), (1 << 20, 1 << 20), (1 << 50, 1 << 30)] {
            log.maxSegmentBytes = given
            #expect(log.segmentBytes == size)
        }
        log.maxSegmentBytes = nil
        #expect(log.segmentBytes == 1 << 30)
    }

    @Test("hashes have a seed that nobody knows")
    func hashSeed() throws {
        let seeds = try (0..<2).map { _ in try CoreConfiguration(.standalone()).hashSeed }
        #expect(seeds[0] != seeds[1])
    }
}

extension TemporaryDirectory {
    /// Of a server's data directory.
    var newestSnapshot: Zxid {
        let zxids = names(in: "zknode/snapshot").compactMap { name -> Int64? in
            let parts = name.split(separator: ".")
            guard parts.count == 3, parts[0] == "snapshot", parts[2] == "lz4" else { return nil }
            return Int64(parts[1], radix: 16)
        }
        return Zxid(rawValue: zxids.max() ?? 0)
    }
}
