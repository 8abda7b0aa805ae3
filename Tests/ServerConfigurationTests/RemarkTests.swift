import ServerConfiguration
import Testing

@Suite struct RemarkTests {
    @Test("a key that is not known is a warning with its line, and the key that was meant")
    func unknownKeys() throws {
        let text = """
            dataDir=/d
            tickTme=2000
            clientport=2182
            autopurge.snapRetain=5
            fsync.warningtresholdms=3
            colour=blue
            """
        let (configuration, remarks) = try accepted(text)
        #expect(
            remarks == [
                "zoo.cfg:2: warning: tickTme: the key is not known. Did you mean tickTime?",
                "zoo.cfg:3: warning: clientport: the key is not known. Did you mean clientPort?",
                "zoo.cfg:4: warning: autopurge.snapRetain: the key is not known. Did you mean "
                    + "autopurge.snapRetainCount?",
                "zoo.cfg:5: warning: fsync.warningtresholdms: the key is not known. Did you mean "
                    + "fsync.warningthresholdms?",
                "zoo.cfg:6: warning: colour: the key is not known and is ignored",
            ])
        #expect(configuration == .standalone(dataDir: "/d"))
    }

    @Test("every bad value is reported at once: key, value, what is allowed, line")
    func badValues() {
        let text = """
            dataDir=
            clientPort=70000
            tickTime=0
            maxClientCnxns=-1
            skipACL=true
            clientTcpKeepAlive=yes
            jute.maxbuffer=0x
            autopurge.purgeInterval=2w
            superDigest=secret
            DigestAuthenticationProvider.digestAlg=MD5
            metricsProvider.className=com.example.Metrics
            version=xyz
            """
        #expect(
            refused(text) == [
                "zoo.cfg:1: error: dataDir: \"\" is not allowed; expected a path",
                "zoo.cfg:2: error: clientPort: \"70000\" is not allowed; expected a port, "
                    + "0 to 65535",
                "zoo.cfg:3: error: tickTime: \"0\" is not allowed; expected milliseconds, "
                    + "1 to 2147483647",
                "zoo.cfg:4: error: maxClientCnxns: \"-1\" is not allowed; expected a number, "
                    + "0 to 2147483647",
                "zoo.cfg:5: error: skipACL: \"true\" is not allowed; expected yes or no",
                "zoo.cfg:6: error: clientTcpKeepAlive: \"yes\" is not allowed; expected true or "
                    + "false",
                "zoo.cfg:7: error: jute.maxbuffer: \"0x\" is not allowed; expected a number of "
                    + "bytes, 1024 to 2147483647",
                "zoo.cfg:8: error: autopurge.purgeInterval: \"2w\" is not allowed; expected hours "
                    + "or a number with ms, s, m, h or d, or 0",
                "zoo.cfg:9: error: superDigest: the value is not allowed; expected super: and a "
                    + "digest in base64",
                "zoo.cfg:10: error: DigestAuthenticationProvider.digestAlg: \"MD5\" is not "
                    + "allowed; expected SHA1, SHA-256, SHA-512, SHA3-256",
                "zoo.cfg:11: error: metricsProvider.className: \"com.example.Metrics\" is not "
                    + "allowed; expected the name of Apache's PrometheusMetricsProvider or "
                    + "DefaultMetricsProvider",
                "zoo.cfg:12: error: version: \"xyz\" is not allowed; expected a hexadecimal number",
            ])
    }

    @Test("a key that is given twice is a warning, and the last value counts")
    func duplicates() throws {
        let text =
            "dataDir=/a\ntickTime=1000\nzookeeper.tickTime=3000\nsuperDigest=s:a\n"
            + "DigestAuthenticationProvider.superDigest=s:b\n"
        let (configuration, remarks) = try accepted(text)
        #expect(
            remarks == [
                "zoo.cfg:3: warning: zookeeper.tickTime: replaces the value of line 2",
                "zoo.cfg:5: warning: DigestAuthenticationProvider.superDigest: replaces the value "
                    + "of line 4",
            ])
        #expect(configuration.tickTime == .seconds(3))
        #expect(configuration.security.superDigest == "s:b")
    }

    @Test("keys that mean nothing here say why, and those for later say that they are ignored")
    func foreignKeys() throws {
        let text = """
            dataDir=/d
            secureClientPort=2281
            clientPort=2181
            ssl.keyStore.location=/k
            ssl.quorum.keyStore.password=secret
            nio.numWorkerThreads=4
            audit.enable=false
            sslQuorum=false
            authProvider.1=org.example.SASLAuthenticationProvider
            """
        let (_, remarks) = try accepted(text)
        let clientTLS =
            "not supported yet (TLS for clients: there is no port for it, and clients connect in "
            + "plain text); the key is ignored"
        #expect(
            remarks == [
                "zoo.cfg:2: warning: secureClientPort: \(clientTLS)",
                "zoo.cfg:4: warning: ssl.keyStore.location: \(clientTLS)",
                "zoo.cfg:5: warning: ssl.quorum.keyStore.password: not supported yet (TLS between "
                    + "servers); the key is ignored",
                "zoo.cfg:6: notice: nio.numWorkerThreads: has no effect here: the server has no "
                    + "JVM and no thread pools",
                "zoo.cfg:9: warning: authProvider.1: not supported yet (authentication by a Java "
                    + "class or by name); the key is ignored",
            ])
    }

    @Test("a demand for protection that is not there yet is an error")
    func demandsForProtection() {
        #expect(
            refused("dataDir=/d\nsslQuorum=true\n") == [
                "zoo.cfg:2: error: sslQuorum: not supported yet (TLS between servers), and "
                    + "without it the server would be less protected than the file demands. "
                    + "Remove the key to start without it"
            ])
        #expect(
            refused("dataDir=/d\nsecureClientPort=2281\n").last
                == "zoo.cfg:2: error: secureClientPort: TLS for clients is not supported yet, and "
                + "there is no clientPort: set one to serve clients in plain text")
        #expect(refused("dataDir=/d\nsessionRequireClientSASLAuth=true\n").count == 1)
        #expect(refused("dataDir=/d\nquorum.auth.serverRequireSasl=true\n").count == 1)
    }

    @Test("values that are dangerous or raised are warnings")
    func acceptedWithWarnings() throws {
        let text = """
            dataDir=/d
            forceSync=no
            skipACL=yes
            autopurge.snapRetainCount=2
            snapCount=0
            4lw.commands.whitelist=stat,ruokay
            """
        let (_, remarks) = try accepted(text)
        #expect(
            remarks == [
                "zoo.cfg:4: warning: autopurge.snapRetainCount: raised to 3",
                "zoo.cfg:5: warning: snapCount: raised to 2",
                "zoo.cfg:2: warning: forceSync: \"no\" is not followed: a write that is "
                    + "acknowledged survives a power failure",
                "zoo.cfg:3: warning: skipACL: with \"yes\" everyone may do everything",
                "zoo.cfg:6: warning: 4lw.commands.whitelist: \"ruokay\" is not a four-letter word "
                    + "and is ignored",
            ])
    }

    @Test("values that contradict each other are errors on one of them")
    func contradictions() {
        #expect(
            refused("dataDir=/d\ntickTime=100\nminSessionTimeout=5000\n") == [
                "zoo.cfg:3: error: minSessionTimeout: minSessionTimeout (5000 ms) must not be "
                    + "above maxSessionTimeout (2000 ms)"
            ])
        #expect(
            refused("dataDir=/d\nenforce.auth.enabled=true\n") == [
                "zoo.cfg:2: error: enforce.auth.enabled: needs enforce.auth.schemes: without a "
                    + "scheme no client could work"
            ])
        #expect(
            refused("dataDir=/d\nenforce.auth.schemes=sasl\n") == [
                "zoo.cfg:2: error: enforce.auth.schemes: \"sasl\" is not a scheme of this server; "
                    + "expected digest, ip"
            ])
        #expect(
            refused("clientPort=2181\n") == [
                "zoo.cfg: error: dataDir: is required: the directory for the server's data"
            ])
    }

    @Test("myid must be a number from 1 to 255, or 254 with TTL znodes")
    func myID() throws {
        #expect(try accepted("dataDir=/d", myID: " 7 \nrest\n").configuration.myID == 7)
        #expect(
            refused("dataDir=/d", myID: "seven") == [
                "/d/myid:1: error: \"seven\" is not allowed; expected a number, 1 to 255"
            ])
        #expect(refused("dataDir=/d", myID: "").count == 1)
        #expect(refused("dataDir=/d", myID: "256").count == 1)
        #expect(
            refused("dataDir=/d", myID: "255") == [
                "zoo.cfg: error: extendedTypesEnabled: TTL znodes need a server id (myid) of at "
                    + "most 254 and this one is 255; set it to false, or give the server another id"
            ])
        let text = "dataDir=/d\nextendedTypesEnabled=false"
        #expect(try accepted(text, myID: "255").configuration.myID == 255)
    }
}
