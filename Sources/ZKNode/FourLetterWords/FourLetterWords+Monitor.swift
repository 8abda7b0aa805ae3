import ServerCore
import ZKWire
import Zab

extension FourLetterWords {
    /// `mntr`: a name, a tab and a value a line.
    func monitor(
        _ core: ServerCore, _ mode: ServerMode, _ disk: DiskStatistics, _ now: Now
    ) -> String {
        var lines: [(String, String)] = [
            ("version", ServerVersion.text), ("server_state", mode.rawValue),
        ]
        if let membership = facts.membership { lines += ensembleGauges(membership, mode, now) }
        lines += gauges(core, now)
        var counted = counters(core.statistics, disk)
        counted["looking_count"] = Int64(ensemble.elections)
        counted["diff_count"] = Int64(ensemble.syncs[.diff] ?? 0)
        counted["snap_count"] = Int64(ensemble.syncs[.snap] ?? 0)
        lines += MetricNames.counters.map { ($0, "\(counted[$0] ?? 0)") }
        let measured = ["fsynctime": disk.syncTime, "snapshottime": disk.snapshotTime]
        for name in MetricNames.summaries {
            lines += summary(name, measured[name] ?? LatencyStatistics())
        }
        let histograms = [
            "readlatency": core.statistics.readLatency,
            "updatelatency": core.statistics.updateLatency,
        ]
        let empty = LatencyHistogram()
        for name in MetricNames.percentiles {
            lines += quantiles(name, histograms[name] ?? empty)
        }
        return lines.map { "zk_\($0.0)\t\($0.1)\n" }.joined()
    }

    private func gauges(_ core: ServerCore, _ now: Now) -> [(String, String)] {
        let statistics = core.statistics
        let files = OpenFiles.current()
        return [
            ("ephemerals_count", "\(core.tree.ephemeralsCount)"),
            ("min_latency", "\(statistics.latency.minimum)"),
            ("avg_latency", statistics.latency.averageText),
            ("max_latency", "\(statistics.latency.maximum)"),
            ("num_alive_connections", "\(core.connections.count)"),
            ("outstanding_requests", "\(core.outstandingCount)"),
            ("znode_count", "\(core.tree.nodeCount)"),
            ("watch_count", "\(core.watches.counts.total)"),
            ("global_sessions", "\(core.tree.sessions.count)"),
            ("local_sessions", "\(core.sessions.localCount)"),
            ("approximate_data_size", "\(core.tree.approximateDataSize)"),
            ("packets_received", "\(statistics.packetsReceived)"),
            ("packets_sent", "\(statistics.packetsSent)"),
            ("uptime", "\((now.monotonic - facts.startedAt).wholeMilliseconds)"),
            ("open_file_descriptor_count", "\(files.open)"),
            ("max_file_descriptor_count", "\(files.maximum)"),
            ("connection_drop_probability", "0.0"),
            ("last_client_response_size", "\(statistics.lastResponseBytes)"),
            ("min_client_response_size", "\(statistics.smallestResponseBytes)"),
            ("max_client_response_size", "\(statistics.largestResponseBytes)"),
            ("outstanding_tls_handshake", "0"),
            ("auth_failed_count", "\(statistics.authenticationFailures)"),
            ("non_mtls_remote_conn_count", "0"), ("non_mtls_local_conn_count", "0"),
        ]
    }

    private func counters(
        _ statistics: ServerStatistics, _ disk: DiskStatistics
    ) -> [String: Int64] {
        [
            "commit_count": statistics.commits, "proposal_count": statistics.proposals,
            "connection_request_count": statistics.connectionRequests,
            "connection_revalidate_count": statistics.connectionsRevalidated,
            "connection_drop_count": statistics.connectionsDropped,
            "connection_rejected": Int64(disk.refusedConnections),
            "stale_sessions_expired": statistics.sessionsExpired,
            "bytes_received_count": statistics.bytesReceived,
            "response_bytes": statistics.responseBytes,
            "digest_mismatches_count": statistics.digestMismatches,
        ]
    }

    private func summary(
        _ name: String, _ latency: LatencyStatistics
    ) -> [(String, String)] {
        [
            ("avg_\(name)", latency.averageText), ("min_\(name)", "\(latency.minimum)"),
            ("max_\(name)", "\(latency.maximum)"), ("cnt_\(name)", "\(latency.count)"),
            ("sum_\(name)", "\(latency.total)"),
        ]
    }

    private func quantiles(
        _ name: String, _ histogram: LatencyHistogram
    ) -> [(String, String)] {
        let shares = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)]
        return summary(name, histogram.statistics)
            + shares.map { ("\($0.0)_\(name)", "\(histogram.quantile($0.1))") }
    }
}
