import ServerConfiguration
import Testing

@Suite("Keys that are read and not followed say so")
struct UnfollowedTests {
    @Test("each has a line that says what is done instead")
    func engine() throws {
        let text = """
            dataDir=/d
            localSessionsEnabled=true
            localSessionsUpgradingEnabled=true
            digest.enabled=true
            snapshot.trust.empty=true
            jute.maxbuffer=200000000
            standaloneEnabled=true
            preAllocSize=1024
            """
        let (_, remarks) = try accepted(text)
        #expect(
            remarks == [
                "zoo.cfg:8: notice: preAllocSize: has no effect here: a log file is written with "
                    + "zeros ahead of its use, whole (txnLogSizeLimitInKb)",
                "zoo.cfg:4: warning: digest.enabled: not followed: no digest of the tree is kept. "
                    + "Every log record is chained to the one before by a checksum, and snapshots "
                    + "are checksummed and read back before anything older goes",
                "zoo.cfg:5: warning: snapshot.trust.empty: not needed: a log without a snapshot "
                    + "is taken if it is whole from its beginning, and refused if not",
                "zoo.cfg:6: warning: jute.maxbuffer: a write that makes a transaction of more "
                    + "than 128 MiB is refused with badArguments all the same: the log takes no "
                    + "larger record",
                "zoo.cfg:2: warning: localSessionsEnabled: not supported yet: every session is "
                    + "global, which costs two log records a session and takes nothing from "
                    + "clients",
                "zoo.cfg:3: warning: localSessionsUpgradingEnabled: not supported yet: every "
                    + "session is global from its beginning",
            ])
    }

    @Test("what asks for nothing, or for what is done anyway, says nothing")
    func silent() throws {
        let text = """
            dataDir=/d
            localSessionsEnabled=false
            localSessionsUpgradingEnabled=false
            digest.enabled=false
            snapshot.trust.empty=false
            db.autocreate=false
            largeRequestThreshold=4096
            largeRequestMaxBytes=8192
            jute.maxbuffer.extrasize=1000000
            flushDelay=10
            maxWriteQueuePollTime=2
            autopurge.purgeInterval=12
            admin.enableServer=false
            admin.serverPort=8081
            metricsProvider.className=org.apache.zookeeper.metrics.impl.DefaultMetricsProvider
            metricsProvider.httpPort=7001
            """
        #expect(try accepted(text).remarks == [])
    }

    @Test("an extra size beyond what the log takes is followed as far as that")
    func extraSize() throws {
        let (_, remarks) = try accepted("dataDir=/d\njute.maxbuffer.extrasize=200000000\n")
        #expect(
            remarks == [
                "zoo.cfg:2: warning: jute.maxbuffer.extrasize: followed up to 128 MiB with "
                    + "jute.maxbuffer: the log takes no larger record"
            ])
    }

    @Test("HTTP commands and metrics that nobody serves are named, key by key")
    func serving() throws {
        let text = """
            dataDir=/d
            admin.serverPort=8081
            metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider
            metricsProvider.httpPort=7001
            """
        let (_, remarks) = try accepted(text)
        #expect(
            remarks == [
                "zoo.cfg:3: warning: metricsProvider.className: not supported yet: there is no "
                    + "endpoint for Prometheus. `mntr` has the metrics",
                "zoo.cfg:4: warning: metricsProvider.httpPort: not supported yet: there is no "
                    + "endpoint for Prometheus",
                "zoo.cfg:2: warning: admin.serverPort: not supported yet: there are no commands "
                    + "over HTTP",
            ])
    }

    @Test("one server that is not to be standalone hears that it is")
    func loneEnsemble() throws {
        let text = """
            dataDir=/d
            standaloneEnabled=false
            initLimit=5
            syncLimit=5
            server.1=a:1:2
            """
        let (_, remarks) = try accepted(text, myID: "1")
        #expect(
            remarks == [
                "zoo.cfg:5: warning: server.1: 1 participants tolerate no failure; 3 tolerate one",
                "zoo.cfg:2: warning: standaloneEnabled: not supported yet: a server without "
                    + "others runs standalone",
            ])
    }

    @Test("a log file's size that the log cannot have is the nearest that it can")
    func segmentSize() throws {
        for (given, taken) in [("1", "raised to 64"), ("1048577", "lowered to 1048576")] {
            let (_, remarks) = try accepted("dataDir=/d\ntxnLogSizeLimitInKb=\(given)\n")
            #expect(remarks == ["zoo.cfg:2: warning: txnLogSizeLimitInKb: \(taken)"])
        }
    }
}
