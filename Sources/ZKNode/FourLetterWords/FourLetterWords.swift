// The four-letter words: Apache's exact output, since scripts and monitors parse it.

import ServerCore
import ZKWire
import Zab

/// Answers four-letter words on the core's loop; everything they print is local.
package struct FourLetterWords: Sendable {
    var facts: ServerFacts
    /// Words that are answered; `*` is all.
    let whitelist: Set<String>
    /// What `stmk` sets and `gtmk` tells. Nothing here is traced by it.
    private var traceMask: Int64 = 0b0100110010

    package init(facts: ServerFacts, whitelist: Set<String>) {
        self.facts = facts
        self.whitelist = whitelist
    }

    package mutating func answer(
        _ request: FourLetterRequest, core: ServerCore, disk: DiskStatistics, now: Now
    ) -> String {
        guard whitelist.contains("*") || whitelist.contains(request.word) else {
            return "\(request.word) is not executed because it is not in the whitelist.\n"
        }
        switch request.word {
        case "ruok": return "imok"
        case "isro": return "rw"
        case "gtmk": return "\(traceMask)"
        case "stmk":
            traceMask = request.argument ?? traceMask
            return "\(traceMask)"
        case "conf": return facts.configuration
        case "envi": return Environment.text
        case "dirs": return directories()
        case "hash":
            return core.digestLog.map {
                "\(String($0.zxid.rawValue, radix: 16)): \($0.digest)\n"
            }.joined()
        case "srvr": return serverSummary(core, connections: nil)
        case "stat": return serverSummary(core, connections: core.sortedConnections)
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
        case "dump": return dump(core, now)
        case "mntr": return monitor(core, disk, now)
        default: return ""
        }
    }

    private func directories() -> String {
        let sizes = facts.directorySizes()
        return "datadir_size: \(sizes.data)\nlogdir_size: \(sizes.log)\n"
    }

    private func serverSummary(_ core: ServerCore, connections: [Connection]?) -> String {
        let statistics = core.statistics
        var text = "Zookeeper version: \(ServerVersion.text)\n"
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
            Mode: standalone
            Node count: \(core.tree.nodeCount)

            """
        return text
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

/// What the words print that is not the core's: fixed at the start, but for sizes on disk.
package struct ServerFacts: Sendable {
    /// The whole answer to `conf`.
    package var configuration: String
    package var directorySizes: @Sendable () -> (data: Int64, log: Int64)
    /// The monotonic instant of the start.
    package var startedAt: Instant

    package init(
        configuration: String, startedAt: Instant,
        directorySizes: @escaping @Sendable () -> (data: Int64, log: Int64)
    ) {
        self.configuration = configuration
        self.startedAt = startedAt
        self.directorySizes = directorySizes
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
