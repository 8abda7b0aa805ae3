import ServerConfiguration
import Testing

@Suite struct FileTests {
    @Test("the sample that Apache ships gives what it gives there, with purging on")
    func sample() throws {
        // The keys of conf/zoo_sample.cfg.
        let text = """
            tickTime=2000
            initLimit=10
            syncLimit=5
            dataDir=/tmp/zookeeper
            clientPort=2181
            #maxClientCnxns=60
            #autopurge.snapRetainCount=3
            #autopurge.purgeInterval=1
            #metricsProvider.httpPort=7000
            """
        var expected = ServerConfiguration.standalone(dataDir: "/tmp/zookeeper")
        expected.tickTime = .seconds(2)
        expected.ensemble.initLimit = 10
        expected.ensemble.syncLimit = 5
        let (configuration, remarks) = try accepted(text)
        #expect(configuration == expected)
        #expect(
            remarks == [
                "zoo.cfg:2: notice: initLimit: has nothing to do on a standalone server; nor have "
                    + "syncLimit"
            ])
    }

    @Test("the file that the Docker image of Apache ZooKeeper generates is taken as it is")
    func dockerImage() throws {
        let text = """
            dataDir=/data
            dataLogDir=/datalog
            tickTime=2000
            initLimit=5
            syncLimit=2
            autopurge.snapRetainCount=3
            autopurge.purgeInterval=0
            maxClientCnxns=60
            standaloneEnabled=true
            admin.enableServer=true
            server.1=localhost:2888:3888;2181
            4lw.commands.whitelist=srvr, mntr
            """
        let (configuration, remarks) = try accepted(text, myID: "1")
        #expect(configuration.storage.dataLogDir == "/datalog")
        #expect(configuration.snapshots.purgeInterval == nil)
        #expect(configuration.allowsFourLetterWord("mntr"))
        #expect(
            remarks == [
                "zoo.cfg:11: warning: server.1: the only server listed: this one runs standalone",
                "zoo.cfg:10: warning: admin.enableServer: not supported yet: there are no "
                    + "commands over HTTP. Four-letter words answer most of them, and `zknode "
                    + "snapshot` and `zknode backup` the rest",
                "zoo.cfg:4: notice: initLimit: has nothing to do on a standalone server; nor have "
                    + "syncLimit",
            ])
    }

    @Test("files are read through the closure: the main one, myid beside the data, the membership")
    func load() throws {
        let files = [
            "/etc/zoo.cfg": "dataDir=/d\ndynamicConfigFile=/etc/dyn\ninitLimit=1\nsyncLimit=1\n",
            "/etc/dyn": "server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n", "/d/myid": "2\n",
        ]
        let (configuration, _) = try ServerConfiguration.load("/etc/zoo.cfg") { files[$0] }
        #expect(configuration.myID == 2)
        #expect(configuration.ensemble.members.count == 3)

        #expect(message { _ in nil } == "/etc/zoo.cfg: error: cannot be read")
        #expect(
            message { $0 == "/etc/dyn" ? nil : files[$0] }
                == "/etc/zoo.cfg: error: dynamicConfigFile: /etc/dyn cannot be read")
    }

    private func message(_ read: (String) -> String?) -> String {
        do throws(ConfigurationError) {
            _ = try ServerConfiguration.load("/etc/zoo.cfg", read: read)
            return "accepted"
        } catch {
            return error.description
        }
    }

    @Test("a hundred lines as odd as the syntax allows")
    func oddFile() throws {
        let odd = [
            "\u{FEFF}! exported by a tool that likes escapes",
            "tick\\u0054ime : 2\\", "    000", "dataDir\t/var/lib/zoo\\ keeper  ",
            "clientPort\\", "   =\\", "   2\\", "1\\", "8\\", "1", "", "   # indented \\",
            "zookeeper.4lw.commands.whitelist = srvr , \\", "\t\t stat,\\", "  ,  ruok",
            "jute.maxbuffer=0XFFFFF", "autopurge.purgeInterval:24H", "leaderServes YES",
            "superDigest=super\\:abc\\=", "server.1 zoo1:2888:3888",
        ]
        let filler = (odd.count..<100).map { "# line \($0)" }
        let text = (odd + filler).joined(separator: "\r\n")
        #expect(text.split(separator: "\r\n", omittingEmptySubsequences: false).count == 100)

        let (configuration, remarks) = try accepted(text)
        #expect(
            remarks == [
                "zoo.cfg:20: warning: server.1: the only server listed: this one runs standalone",
                "zoo.cfg:18: notice: leaderServes: has nothing to do on a standalone server",
            ])
        #expect(configuration.tickTime == .seconds(2))
        #expect(configuration.storage.dataDir == "/var/lib/zoo keeper")
        #expect(configuration.clients.port == 2181)
        #expect(configuration.admin.fourLetterWords == ["srvr", "stat", "ruok"])
        #expect(configuration.limits.maxPacketBytes == 0xf_ffff)
        #expect(configuration.snapshots.purgeInterval == .seconds(86400))
        #expect(configuration.ensemble.leaderServesClients)
        #expect(configuration.security.superDigest == "super:abc=")
    }
}
