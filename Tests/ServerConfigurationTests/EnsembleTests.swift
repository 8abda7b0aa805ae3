import ServerConfiguration
import Testing

@Suite struct EnsembleTests {
    private let three = """
        dataDir=/d
        initLimit=10
        syncLimit=5
        server.1=zoo1:2888:3888
        server.2=zoo2:2888:3888
        server.3=zoo3:2888:3888
        """

    @Test("a server line has an address, a role and client addresses, and is written back the same")
    func memberLines() throws {
        let lines = [
            ("zoo1:2888:3888", "zoo1:2888:3888:participant"),
            ("zoo1:2888:3888:Observer", "zoo1:2888:3888:observer"),
            ("zoo1:2888:3888;2181", "zoo1:2888:3888:participant;0.0.0.0:2181"),
            ("zoo1:1:2:observer;10.0.0.1:2181", "zoo1:1:2:observer;10.0.0.1:2181"),
            (
                "[::1]:2888:3888:participant;[fe80::2]:2181",
                "[::1]:2888:3888:participant;[fe80::2]:2181"
            ),
            (
                "a:2888:3888 | b:2889:3889; 2181; 2281",
                "a:2888:3888|b:2889:3889:participant;0.0.0.0:2181;0.0.0.0:2281"
            ),
            ("a:1:2;;c:3", "a:1:2:participant;;c:3"),
            ("a:1:2:observer|b:1:2:observer", "a:1:2|b:1:2:observer"),
        ]
        for (text, written) in lines {
            let member = try EnsembleMember(id: 1, text)
            #expect(member.description == written)
            #expect(try EnsembleMember(id: 1, written) == member)
        }
    }

    @Test("a server line that is not of that form says what the form is")
    func badMemberLines() {
        let bad = [
            "", "zoo1", "zoo1:2888", "zoo1:x:3888", ":2888:3888", "zoo1:2888:99999", "[::1:2888",
            "[::1]2888:3888", "::1:2888:3888", "a:1:2;3;4;5", "a:1:2;h:x", "a:1:2:observer:x",
            "a:1:2|", "[zoo1]:1:2",
        ]
        for text in bad {
            #expect(throws: BadValue(EnsembleMember.form), "\(text)") {
                try EnsembleMember(id: 1, text)
            }
        }
        #expect(throws: BadValue("the role participant or observer")) {
            try EnsembleMember(id: 1, "a:1:2:leader")
        }
        #expect(throws: BadValue("a quorum port and an election port that differ")) {
            try EnsembleMember(id: 1, "a:2888:2888")
        }
        #expect(throws: BadValue("one role for all addresses of the server")) {
            try EnsembleMember(id: 1, "a:1:2:observer|b:1:2:participant")
        }
    }

    @Test("three servers and myid make an ensemble, and the own line gives the client address")
    func ensemble() throws {
        let text = three.replacing("zoo2:2888:3888", with: "zoo2:2888:3888;10.0.0.2:2182")
        let (configuration, remarks) = try accepted(text, myID: "2")
        #expect(remarks == [])
        #expect(configuration.isEnsembleMember)
        #expect(configuration.ownMember?.addresses.first?.host == "zoo2")
        #expect(configuration.clients.port == 2182)
        #expect(configuration.clients.address == "10.0.0.2")
        #expect(configuration.ensemble.members.count == 3)
    }

    @Test("an ensemble needs its limits, a myid, and a line for that id")
    func required() {
        #expect(
            refused(three) == [
                "zoo.cfg:1: error: dataDir: /d/myid is missing: write this server's number into "
                    + "it, the N of its server.N line"
            ])
        #expect(
            refused(three, myID: "4") == ["zoo.cfg: error: server.4: is missing: myid is 4"])
        let text = "dataDir=/d\nserver.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n"
        #expect(
            refused(text, myID: "1") == [
                "zoo.cfg: error: initLimit: is required in an ensemble",
                "zoo.cfg: error: syncLimit: is required in an ensemble",
            ])
    }

    @Test("numbers of participants that tolerate no more failures are warnings")
    func participants() throws {
        let two = three.replacing("server.3=zoo3:2888:3888", with: "")
        #expect(
            try accepted(two, myID: "1").remarks == [
                "zoo.cfg:4: warning: server.1: 2 participants tolerate no failure; 3 tolerate one"
            ])
        let four = three + "\nserver.4=zoo4:2888:3888"
        #expect(
            try accepted(four, myID: "1").remarks == [
                "zoo.cfg:7: warning: server.4: 4 participants tolerate no more failures than 3"
            ])
        let one = "dataDir=/d\nserver.1=a:1:2\n"
        let (configuration, remarks) = try accepted(one)
        #expect(!configuration.isEnsembleMember)
        #expect(
            remarks == [
                "zoo.cfg:2: warning: server.1: the only server listed: this one runs standalone"
            ])
        #expect(
            refused("dataDir=/d\nserver.1=a:1:2:observer\n") == [
                "zoo.cfg:2: error: server.1: an observer needs at least two participants to observe"
            ])
    }

    @Test("with standaloneEnabled=false one participant is an ensemble")
    func ensembleOfOne() throws {
        let text = "dataDir=/d\nstandaloneEnabled=false\ninitLimit=1\nsyncLimit=1\n"
        #expect(
            refused(text, myID: "1").first
                == "zoo.cfg:2: error: standaloneEnabled: an ensemble needs a participant")
        let (configuration, _) = try accepted(text + "server.1=a:1:2", myID: "1")
        #expect(configuration.isEnsembleMember)
    }

    @Test("local sessions are what two other keys need, and only members have them")
    func localSessions() throws {
        let both = "\nlocalSessionsUpgradingEnabled=true\nreadonlymode.enabled=true\n"
        #expect(
            try accepted(three + both, myID: "1").remarks == [
                "zoo.cfg:7: warning: localSessionsUpgradingEnabled: has no effect without "
                    + "localSessionsEnabled=true",
                "zoo.cfg:8: warning: readonlymode.enabled: serves nobody without "
                    + "localSessionsEnabled=true: other sessions need a leader",
            ])
        let local = "localSessionsEnabled=true\n"
        #expect(try accepted(three + both + local, myID: "1").remarks == [])
        #expect(
            try accepted("dataDir=/d\n" + local).remarks == [
                "zoo.cfg:2: notice: localSessionsEnabled: has nothing to do on a standalone server"
            ])
    }

    @Test("the server line decides the role, and may not contradict clientPort")
    func ownLine() throws {
        let observer = three + "\nserver.4=zoo4:2888:3888:observer\npeerType=participant"
        let (configuration, remarks) = try accepted(observer, myID: "4")
        #expect(configuration.ensemble.givenRole == .observer)
        #expect(
            remarks == [
                "zoo.cfg:8: warning: peerType: server.4 says observer, which is what counts"
            ])
        let text = "clientPort=2181\n" + three.replacing("zoo1:2888:3888", with: "zoo1:1:2;2182")
        #expect(
            refused(text, myID: "1") == [
                "zoo.cfg:1: error: clientPort: server.1 has the client address 0.0.0.0:2182; "
                    + "remove one of the two"
            ])
    }

    @Test("groups hold every participant once")
    func groups() throws {
        let (configuration, _) = try accepted(three + "\ngroup.1=1:2\ngroup.2=3\n", myID: "1")
        #expect(configuration.ensemble.groups == [1: [1, 2], 2: [3]])
        #expect(
            refused(three + "\ngroup.1=1:2\ngroup.2=2\n", myID: "1") == [
                "zoo.cfg:8: error: group.2: server 2 is in group 1 already",
                "zoo.cfg:6: error: server.3: is in no group, and other servers are",
            ])
    }

    @Test("a server line with a secure client port alone opens no port in plain text")
    func securePortOnly() throws {
        let text = three.replacing("zoo1:2888:3888", with: "zoo1:2888:3888;;2281")
        #expect(
            refused(text, myID: "1") == [
                "zoo.cfg:4: error: server.1: TLS for clients is not supported yet, and there is "
                    + "no clientPort: set one to serve clients in plain text"
            ])
        let both = three.replacing("zoo1:2888:3888", with: "zoo1:2888:3888;2181;2281")
        #expect(
            try accepted(both, myID: "1").remarks == [
                "zoo.cfg:4: warning: server.1: TLS for clients is not supported yet; its port is "
                    + "ignored"
            ])
    }

    @Test("several addresses need the switch for them")
    func multipleAddresses() throws {
        let text = three.replacing("zoo1:2888:3888", with: "zoo1:2888:3888|zoo1b:2888:3888")
        #expect(
            refused(text, myID: "1") == [
                "zoo.cfg:4: error: server.1: several addresses need multiAddress.enabled=true on "
                    + "every server"
            ])
        let (configuration, _) = try accepted(text + "\nmultiAddress.enabled=true", myID: "1")
        #expect(configuration.ensemble.members[1]?.addresses.count == 2)
    }

    @Test("an id that is no number, or out of range, is an error of its line")
    func badIDs() {
        #expect(
            refused("dataDir=/d\nserver.x=a:1:2\nserver.300=b:1:2\nserver.01=c:1:2").prefix(3) == [
                "zoo.cfg:2: error: server.x: \"a:1:2\" is not allowed; expected a number after "
                    + "\"server.\"",
                "zoo.cfg:4: error: server.01: \"c:1:2\" is not allowed; expected a number after "
                    + "\"server.\"",
                "zoo.cfg:3: error: server.300: the id must be 1 to 255",
            ])
    }

    @Test("the membership can be in the dynamic file, and nothing else can")
    func dynamicFile() throws {
        let main = "dataDir=/d\ninitLimit=1\nsyncLimit=1\ndynamicConfigFile=zoo.cfg.dynamic\n"
        let servers = "server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nversion=100000000\n"
        let (configuration, remarks) = try accepted(main, myID: "3", dynamic: servers)
        #expect(remarks == [])
        #expect(configuration.ensemble.version == 0x1_0000_0000)
        #expect(configuration.ensemble.members.count == 3)
        #expect(
            refused(main + "server.1=a:1:2\n", myID: "3", dynamic: servers + "tickTime=5\n") == [
                "zoo.cfg.dynamic:1: error: server.1: is also in zoo.cfg, line 5; with "
                    + "dynamicConfigFile the membership must be in one file",
                "zoo.cfg.dynamic:5: error: tickTime: only server.N, group.N, weight.N and version "
                    + "may be in the dynamic file; put it into zoo.cfg",
            ])
        #expect(
            refused(main, myID: "3", dynamic: servers + "server.400=d:1:2:observer")
                == ["zoo.cfg.dynamic:5: error: server.400: the id must be 1 to 255"])
    }
}
