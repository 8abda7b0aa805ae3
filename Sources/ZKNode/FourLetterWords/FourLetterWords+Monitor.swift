import ServerCore
import ZKWire

extension FourLetterWords {
    /// `mntr`: a name, a tab and a value a line.
    func monitor(_ core: ServerCore) -> String {
        var lines: [(String, String)] = [
            ("version", ServerVersion.text), ("server_state", "standalone"),
        ]
        lines += gauges(core)
        lines += counters(core)
        return lines.map { "zk_\($0.0)\t\($0.1)\n" }.joined()
    }

    private func gauges(_ core: ServerCore) -> [(String, String)] {
        let statistics = core.statistics
        let files = OpenFiles.current()
        let uptime = Now.current().monotonic - facts.startedAt
        let sessions = core.sessions.count
        return [
            ("ephemerals_count", "\(core.tree.ephemeralsCount)"),
            ("min_latency", "\(statistics.latency.minimum)"),
            ("avg_latency", statistics.latency.averageText),
            ("max_latency", "\(statistics.latency.maximum)"),
            ("num_alive_connections", "\(core.connections.count)"),
            ("outstanding_requests", "\(core.outstandingCount)"),
            ("znode_count", "\(core.tree.nodeCount)"),
            ("watch_count", "\(core.watches.counts.total)"),
            ("global_sessions", "\(sessions)"), ("local_sessions", "0"),
            ("approximate_data_size", "\(core.tree.approximateDataSize)"),
            ("packets_received", "\(statistics.packetsReceived)"),
            ("packets_sent", "\(statistics.packetsSent)"),
            ("uptime", "\(uptime.wholeMilliseconds)"),
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

    private func counters(_ core: ServerCore) -> [(String, String)] {
        let statistics = core.statistics
        return [
            ("commit_count", "\(statistics.commits)"),
            ("proposal_count", "\(statistics.proposals)"),
            ("connection_request_count", "\(statistics.connectionRequests)"),
            ("connection_revalidate_count", "\(statistics.connectionsRevalidated)"),
            ("connection_drop_count", "\(statistics.connectionsDropped)"),
            ("stale_sessions_expired", "\(statistics.sessionsExpired)"),
            ("bytes_received_count", "\(statistics.bytesReceived)"),
            ("response_bytes", "\(statistics.responseBytes)"),
            ("looking_count", "0"), ("diff_count", "0"), ("snap_count", "0"),
            ("digest_mismatches_count", "0"), ("unrecoverable_error_count", "0"),
        ] + summary("readlatency", statistics.readLatency)
            + summary("updatelatency", statistics.updateLatency)
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
}
