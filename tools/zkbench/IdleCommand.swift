import ArgumentParser
import Glibc
import ZKWire

extension ProcessList: ExpressibleByArgument {}

/// `zkbench idle`: what sessions cost that do nothing but stay.
struct IdleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle", abstract: "Opens many sessions that only ping, and holds them.")

    @Option(help: "Servers, host:port,...; sessions are spread over them.")
    var servers = ServerList.local
    @Option(help: "Sessions, each with a connection.")
    var sessions = 10_000
    @Option(help: "The session timeout to ask for; a third of what is granted is between pings.")
    var timeout = TimeArgument(seconds: 30)
    @Option(help: "How long they are held and watched.")
    var hold = TimeArgument(seconds: 30)
    @Option(help: "Servers' processes on this machine whose memory and processor time to report.")
    var pids: ProcessList?
    @Option(help: "Write the result here as well.")
    var json: String?

    /// Before the hold: what the opening left to do is done.
    private static let settle: UInt64 = 3_000_000_000

    func run() throws {
        do throws(BenchError) {
            guard sessions > 0 else { throw BenchError("--sessions \(sessions)") }
            try DescriptorLimit.raise(forConnections: sessions)
            let report = try measure()
            print(report.table)
            if let json { try writeFile(jsonText(report), json) }
            guard report.lost == 0 else { throw BenchError("\(report.lost) sessions were lost") }
        } catch {
            standardError("zkbench: \(error)")
            throw ExitCode(ExitStatus.notMeasured)
        }
    }

    private func measure() throws(BenchError) -> IdleReport {
        let before = try pids?.usage() ?? []
        let start = monotonicNow()
        let group = try SessionGroup(
            sessions, at: servers.servers,
            timeoutMilliseconds: Int32(timeout.nanoseconds / 1_000_000))
        let opened = monotonicNow()
        group.spreadPings()
        _ = try keep(group, for: Self.settle)
        let held = try pids?.usage() ?? []
        let holdStart = monotonicNow()
        let (pings, latencies) = try keep(group, for: hold.nanoseconds)
        let seconds = Double(monotonicNow() - holdStart) / 1e9
        let after = try pids?.usage() ?? []
        let processes = before.indices.map { index in
            IdleReport.Process(
                residentBytesBefore: before[index].residentBytes,
                residentBytesHeld: after[index].residentBytes,
                cores: Double(after[index].processorTime - held[index].processorTime) / 1e9
                    / seconds)
        }
        let lost = group.lost
        group.close()
        return IdleReport(
            sessions: sessions, openSeconds: Double(opened - start) / 1e9, holdSeconds: seconds,
            pingIntervalSeconds: Double(group.pingInterval) / 1e9, pings: pings, lost: lost,
            pingMilliseconds: [
                "p50": Double(latencies.value(at: 0.5)) / 1e6,
                "p99": Double(latencies.value(at: 0.99)) / 1e6,
                "max": Double(latencies.max) / 1e6,
            ], processes: processes)
    }

    /// Pings for that long; returns how many, and when they were answered.
    private func keep(
        _ group: SessionGroup, for time: UInt64
    ) throws(BenchError) -> (Int, LatencyHistogram) {
        let end = monotonicNow() + time
        var pings = 0
        var latencies = LatencyHistogram()
        while monotonicNow() < end {
            pings += group.pingDue()
            // Each look at so many sockets costs: a hundred a second leave the core to the server.
            usleep(10_000)
            try group.poll(0) { (session, header, now) throws(BenchError) in
                if header.xid == SpecialXid.ping {
                    latencies.record(now - group.lastSend(of: session))
                }
            }
        }
        return (pings, latencies)
    }
}
