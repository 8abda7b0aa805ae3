import ServerConfiguration
import Testing

@Suite("Keys that are read and not followed say so")
struct UnfollowedTests {
    @Test("each has a line that says what is done instead")
    func engine() throws {
        let text = """
            dataDir=/d
            snapshot.trust.empty=true
            jute.maxbuffer=200000000
            standaloneEnabled=true
            preAllocSize=1024
            """
        let (_, remarks) = try accepted(text)
        #expect(
            remarks == [
                "zoo.cfg:5: notice: preAllocSize: has no effect here: a log file is written with "
                    + "zeros ahead of its use, whole (txnLogSizeLimitInKb)",
                "zoo.cfg:2: warning: snapshot.trust.empty: not needed: a log without a snapshot "
                    + "is taken if it is whole from its beginning, and refused if not",
                "zoo.cfg:3: warning: jute.maxbuffer: a write that makes a transaction of more "
                    + "than 128 MiB is refused with badArguments all the same: the log takes no "
                    + "larger record",
            ])
    }

    @Test("what asks for nothing, or for what is done anyway, says nothing")
    func silent() throws {
        let text = """
            dataDir=/d
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

    @Test("a log file's size that the log cannot have is the nearest that it can")
    func segmentSize() throws {
        for (given, taken) in [("1", "raised to 64"), ("1048577", "lowered to 1048576")] {
            let (_, remarks) = try accepted("dataDir=/d\ntxnLogSizeLimitInKb=\(given)\n")
            #expect(remarks == ["zoo.cfg:2: warning: txnLogSizeLimitInKb: \(taken)"])
        }
    }
}
