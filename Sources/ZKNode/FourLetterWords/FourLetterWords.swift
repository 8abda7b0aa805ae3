// The four-letter words: Apache's exact output, since scripts and monitors parse it.

import ServerCore
import ZKWire
import Zab

/// Answers four-letter words on the core's loop; everything they print is local.
package struct FourLetterWords: Sendable {
    var facts: ServerFacts
    /// Words that are answered; `*` is all.
    let whitelist: Set<String>
    package var ensemble = EnsembleStatistics()
    /// What `stmk` sets and `gtmk` tells. Nothing here is traced by it.
    private var traceMask: Int64 = 0b0100110010

    package init(facts: ServerFacts, whitelist: Set<String>) {
        self.facts = facts
        self.whitelist = whitelist
    }

    /// Whether the answer has the sizes of files in it, which take long to measure.
    package func asksForSizes(_ request: FourLetterRequest) -> Bool {
        isAllowed(request.word) && ["conf", "dirs"].contains(request.word)
    }

    private func isAllowed(_ word: String) -> Bool {
        whitelist.contains("*") || whitelist.contains(word)
    }

    /// - Parameter sizes: what was measured, if the request asks for it.
    package mutating func answer(
        _ request: FourLetterRequest, core: ServerCore, disk: DiskStatistics,
        sizes: DirectorySizes, now: Now
    ) -> String {
        guard isAllowed(request.word) else {
            return "\(request.word) is not executed because it is not in the whitelist.\n"
        }
        let mode =
            core.isReservedForLeading
            ? .notServing : ServerMode(core, isMember: facts.membership != nil)
        if mode == .notServing, let text = FourLetterWords.notServing(request.word) { return text }
        switch request.word {
        case "ruok": return "imok"
        case "isro": return mode == .readOnly ? "ro" : "rw"
        case "gtmk": return "\(traceMask)"
        case "stmk":
            traceMask = request.argument ?? traceMask
            return "\(traceMask)"
        case "conf": return facts.configuration(sizes, mode)
        case "envi": return Environment.text
        case "dirs":
            return "datadir_size: \(sizes.dataBytes)\nlogdir_size: \(sizes.logBytes)\n"
        case "hash":
            return core.digestLog.map {
                "\(String($0.zxid.rawValue, radix: 16)): \($0.digest)\n"
            }.joined()
        case "srvr": return serverSummary(core, mode, connections: nil)
        case "stat": return serverSummary(core, mode, connections: core.sortedConnections)
        case "srst":
            core.resetStatistics()
            return "Server stats reset.\n"
        case "cons":
            return core.sortedConnections.map(\.detailLine).joined() + "\n"
        case "crst":
            core.resetConnectionStatistics()
            return "Connection stats reset.\n"
        case "wchs": return watchSummary(core)
        case "wchc": return watchesByConnection(core)
        case "wchp": return watchesByPath(core)
        case "dump": return dump(core, mode, now)
        case "mntr": return monitor(core, mode, disk, now)
        default: return ""
        }
    }

    /// The answer of a server that has no core yet, since it repairs itself.
    /// - Returns: nil if it is no word.
    static func notServing(_ word: String, _ whitelist: Set<String>) -> String? {
        guard ServerCore.fourLetterWords.contains(word) else { return nil }
        guard whitelist.contains("*") || whitelist.contains(word) else {
            return "\(word) is not executed because it is not in the whitelist.\n"
        }
        return word == "ruok" ? "imok" : notServing(word) ?? ""
    }

    /// - Returns: nil for the words that are answered all the same.
    private static func notServing(_ word: String) -> String? {
        switch word {
        case "ruok", "envi", "gtmk", "stmk": nil
        case "isro": "null"
        default: "This ZooKeeper instance is not currently serving requests\n"
        }
    }

    private func serverSummary(
        _ core: ServerCore, _ mode: ServerMode, connections: [Connection]?
    ) -> String {
        let statistics = core.statistics
        var text = "Zookeeper version: \(ServerVersion.text)\n"
        if mode == .readOnly { text += "READ-ONLY mode; serving only read-only clients\n" }
        if let connections {
            text += "Clients:\n" + connections.map(\.shortLine).joined() + "\n"
        }
        text += """
            Latency min/avg/max: \(statistics.latency.minimum)/\(statistics.latency.averageText)/\
            \(statistics.latency.maximum)
            Received: \(statistics.packetsReceived)
            Sent: \(statistics.packetsSent)
            Connections: \(core.connections.count)
            Outstanding: \(core.outstandingCount)
            Zxid: \(core.lastProcessedZxid)
            Mode: \(mode.rawValue)
            Node count: \(core.tree.nodeCount)

            """
        guard mode == .leader else { return text }
        return text + """
            Proposal sizes last/min/max: \(ensemble.lastProposalBytes)/\
            \(ensemble.minimumProposalBytes)/\(ensemble.maximumProposalBytes)

            """
    }

    // MARK: Watches

    // Apache counts data watches only here.

    private func watchSummary(_ core: ServerCore) -> String {
        let counts = core.watches.counts
        return """
            \(counts.dataConnections) connections watching \(counts.dataPaths) paths
            Total watches:\(counts.dataWatches)

            """
    }

    private func watchesByConnection(_ core: ServerCore) -> String {
        var text = ""
        var last: ConnectionID?
        core.watches.forEachDataWatchByConnection { id, path in
            if id != last { text += "\(core.connections[id]?.session ?? .none)\n" }
            last = id
            text += "\t\(path.text)\n"
        }
        return text + "\n"
    }

    private func watchesByPath(_ core: ServerCore) -> String {
        var text = ""
        var last: String?
        core.watches.forEachDataWatchByPath { path, id in
            let path = path.text
            if path != last { text += "\(path)\n" }
            last = path
            text += "\t\(core.connections[id]?.session ?? .none)\n"
        }
        return text + "\n"
    }
}

/// What the words print that is not the core's, fixed at the start.
package struct ServerFacts: Sendable {
    /// The monotonic instant of the start.
    package var startedAt: Instant
    /// The whole answer to `conf`.
    package var configuration: @Sendable (DirectorySizes, ServerMode) -> String
    /// nil in a standalone server.
    package var membership: Membership?

    package init(
        startedAt: Instant, membership: Membership? = nil,
        configuration: @escaping @Sendable (DirectorySizes, ServerMode) -> String
    ) {
        self.startedAt = startedAt
        self.membership = membership
        self.configuration = configuration
    }
}

extension LatencyStatistics {
    /// Up to four decimals, as Java prints a double.
    var averageText: String { average.javaText }
}

extension Double {
    /// At least one decimal, at most four.
    var javaText: String {
        let scaled = (self * 10_000).rounded() / 10_000
        return scaled == scaled.rounded() ? "\(Int64(scaled)).0" : "\(scaled)"
    }
}

extension Connection {
    /// A line of `stat`.
    fileprivate var shortLine: String {
        """
         /\(address)[\(interest)](queued=\(outstandingCount),recved=\(statistics.received),\
        sent=\(statistics.sent))

        """
    }

    /// A line of `cons`.
    fileprivate var detailLine: String {
        var line = """
             /\(address)[\(interest)](queued=\(outstandingCount),recved=\(statistics.received),\
            sent=\(statistics.sent)
            """
        if session != .none {
            line += ",sid=\(session),lop=\(statistics.lastOperation)"
            line += ",est=\(statistics.establishedMilliseconds),to=\(timeoutMilliseconds)"
            if statistics.lastXid >= 0 {
                line += ",lcxid=0x\(String(statistics.lastXid, radix: 16))"
            }
            line += ",lzxid=\(statistics.lastZxid)"
            line += ",lresp=\(statistics.lastResponseMilliseconds)"
            line += ",llat=\(statistics.latency.last),minlat=\(statistics.latency.minimum)"
            line += ",avglat=\(Int64(statistics.latency.average))"
            line += ",maxlat=\(statistics.latency.maximum)"
        }
        return line + ")\n"
    }

    /// The selector's interest as Apache prints it: 1 is reading; 0 a connection that is closing,
    /// as the one that asks is.
    private var interest: Int { phase == .closing || isHeldBack ? 0 : 1 }
}
