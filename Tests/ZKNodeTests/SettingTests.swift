import Dispatch
import Glibc
import ServerConfiguration
import ServerCore
import Testing
import ZKNode
import ZKWire

@Suite("Settings that a whole server follows", .serialized)
struct SettingTests {
    @Test("a slow scan of the files keeps only those waiting who ask for it")
    func slowScan() throws {
        let directory = TemporaryDirectory()
        var configuration = TestNode.configuration(directory)
        configuration.admin.fourLetterWords = ["*"]
        let (begun, allowed) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let node = try TestNode(configuration) {
            begun.signal()
            allowed.wait()
            return DirectorySizes(dataBytes: 7, logBytes: 8)
        }
        let curious = ["dirs", "conf", "dirs"].map { word in
            let client = SocketClient(port: node.port)
            client.write(Array(word.utf8))
            return client
        }
        begun.wait()
        let client = SocketClient(port: node.port)
        try client.handshake()
        client.create("/a")
        #expect(try client.reply().error == .ok)
        let probe = SocketClient(port: node.port)
        probe.write(Array("ruok".utf8))
        #expect(String(decoding: probe.readToEnd(), as: UTF8.self) == "imok")
        // Who came while it was under way shares its result; one that came later has its own.
        for _ in curious { allowed.signal() }
        let answers = curious.map { String(decoding: $0.readToEnd(), as: UTF8.self) }
        #expect(answers[0] == "datadir_size: 7\nlogdir_size: 8\n")
        #expect(answers[1].contains("dataDirSize=7\n") && answers[1].contains("dataLogSize=8\n"))
        #expect(answers[2] == answers[0])
        node.stop()
    }

    @Test("a snapshot that was written is reported so, though the purge after it fails")
    func failedPurge() throws {
        let directory = TemporaryDirectory()
        let node = try TestNode(TestNode.configuration(directory))
        let client = SocketClient(port: node.port)
        try client.handshake()
        // What cannot be removed as a file: even root gets an error for it.
        let obstacle = directory.path + "/zknode/snapshot/snapshot.1.lz4"
        #expect(mkdir(obstacle, 0o700) == 0)
        for round in 0..<5 {
            client.create("/n\(round)")
            let zxid = try client.reply().zxid
            let answer = try ask("snapshot", directory)
            #expect(AdminReply.text("error", in: answer) == nil, "\(answer)")
            #expect(AdminReply.text("zxid", in: answer) == "\(zxid)")
        }
        // The obstacle is the oldest, and the purge ends there.
        #expect(directory.names(in: "zknode/snapshot").count == 6)
        client.create("/after")
        #expect(try client.reply().error == .ok)
        node.stop()
    }

    @Test("old snapshots are purged by the clock, on a server that nobody writes to")
    func purgeByClock() throws {
        let directory = TemporaryDirectory()
        var configuration = TestNode.configuration(directory)
        configuration.snapshots.purgeInterval = nil
        let first = try TestNode(configuration)
        let client = SocketClient(port: first.port)
        try client.handshake()
        for round in 0..<6 {
            client.create("/n\(round)")
            _ = try client.reply()
            _ = try ask("snapshot", directory)
        }
        first.stop()
        let count = directory.names(in: "zknode/snapshot").count
        #expect(count >= 6)
        configuration.snapshots.purgeInterval = .seconds(1)
        let second = try TestNode(configuration)
        let reader = SocketClient(port: second.port)
        try reader.handshake()
        for _ in 0..<200_000 where directory.names(in: "zknode/snapshot").count > 3 {
            reader.send(.ping)
            _ = try reader.reply()
        }
        #expect(directory.names(in: "zknode/snapshot").count == 3)
        second.stop()
    }

    @Test("with db.autocreate=false a server begins anew only beside a file that says so")
    func databaseAutocreate() throws {
        let directory = TemporaryDirectory()
        var configuration = TestNode.configuration(directory)
        configuration.storage.isDatabaseCreated = false
        let failure = #expect(throws: ServerFailure.self) { try TestNode(configuration) }
        #expect(failure?.code == .dataDirectory)
        #expect(failure?.description.contains("\(directory.path)/initialize") == true)
        #expect(directory.names(in: "").isEmpty)

        close(creat(directory.path + "/initialize", 0o600))
        try TestNode(configuration).stop()
        #expect(directory.names(in: "") == ["zknode"])
        // There is data now.
        try TestNode(configuration).stop()
    }

    @Test("with datadir.autocreate=false a directory that is not there is named and not made")
    func directoryAutocreate() throws {
        let directory = TemporaryDirectory()
        var configuration = TestNode.configuration(directory)
        configuration.storage.isDataDirCreated = false
        configuration.storage.dataDir = directory.path + "/absent"
        let failure = #expect(throws: ServerFailure.self) { try TestNode(configuration) }
        #expect(failure?.code == .dataDirectory)
        #expect(failure?.description.hasPrefix("\(directory.path)/absent is not there") == true)
        #expect(directory.names(in: "").isEmpty)
    }

    @Test("connections are refused by each limit, and before file descriptors run out")
    func connectionLimits() {
        let limits = ConnectionLimits(perHost: 3, total: 10, maximumFiles: 1024)
        #expect(limits.refusal(total: 9, ofHost: 2) == nil)
        #expect(limits.refusal(total: 10, ofHost: 0)?.contains("maxCnxns is 10") == true)
        #expect(limits.refusal(total: 3, ofHost: 3)?.contains("maxClientCnxns is 3") == true)
        let unlimited = ConnectionLimits(perHost: 0, total: 0, maximumFiles: 1024)
        #expect(unlimited.refusal(total: 991, ofHost: 991) == nil)
        #expect(unlimited.refusal(total: 992, ofHost: 992)?.contains("may open 1024 files") == true)
        let tiny = ConnectionLimits(perHost: 0, total: 0, maximumFiles: 8)
        #expect(tiny.refusal(total: 0, ofHost: 0) == nil)
    }

    @Test("a sync waits for more, but not longer than nothing comes")
    func groupCommit() {
        var settings = ServerConfiguration.standalone().log
        #expect(GroupCommitPolicy(settings).wait(elapsed: .zero) == nil)
        settings.flushDelay = .milliseconds(30)
        let usual = GroupCommitPolicy(settings)
        #expect(usual.wait(elapsed: .zero) == .milliseconds(10))
        #expect(usual.wait(elapsed: .milliseconds(25)) == .milliseconds(5))
        #expect(usual.wait(elapsed: .milliseconds(30)) == nil)
        settings.givenMaxQueueWait = .zero
        #expect(GroupCommitPolicy(settings).wait(elapsed: .zero) == nil)
        settings.givenMaxQueueWait = .seconds(1)
        #expect(GroupCommitPolicy(settings).wait(elapsed: .zero) == .milliseconds(30))
    }

    @Test("the limits of large requests and transactions reach the core")
    func limits() throws {
        var configuration = ServerConfiguration.standalone()
        configuration.limits.largeRequestThresholdBytes = 4096
        configuration.limits.maxLargeRequestBytes = 8192
        configuration.limits.givenExtraPacketBytes = 32 << 20
        let core = try CoreConfiguration(configuration)
        #expect(core.largeRequestBytes == 4096)
        #expect(core.maximumLargeBytes == 8192)
        #expect(core.extraTxnBytes == 32 << 20)
        #expect(try CoreConfiguration(.standalone()).largeRequestBytes == .max)
        #expect(CoreConfiguration.maximumRecordBytes == LimitSettings.maxTxnBytes)
    }

    /// The admin socket is there a little after the client port.
    private func ask(_ command: String, _ directory: TemporaryDirectory) throws -> String {
        while true {
            do throws(AdminClient.Failure) {
                return try AdminClient.request(
                    command, dataDir: directory.path, timeoutSeconds: 30)
            } catch {
                guard case .noServer = error else { throw error }
            }
        }
    }
}
