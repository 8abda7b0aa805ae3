import Glibc
import ServerCore
import ZKWire
import Zab

extension FourLetterWords {
    /// `dump`: sessions and connections by the time at which they would expire, and ephemerals.
    func dump(_ core: ServerCore, _ mode: ServerMode, _ now: Now) -> String {
        let tick = max(core.configuration.tick.wholeMilliseconds, 1)
        func expiry(_ session: SessionTracker.Session?) -> Int64 {
            let left = session.map { core.timeLeft($0, now: now) } ?? tick
            // Rounded up, as Apache's buckets are.
            return ((now.wallMilliseconds + left) / tick + 1) * tick
        }
        func expiring(_ sessions: [SessionTracker.Session]) -> String {
            "Session " + sets(sessions.map { (expiry($0), "\($0.id)") })
        }
        let (local, global) = (
            core.sessions.sorted.filter(\.isLocal), core.sessions.sorted.filter { !$0.isLocal }
        )
        let hasLocal = core.configuration.areSessionsLocal
        var text = "SessionTracker dump:\n"
        if hasLocal { text += "Local " + expiring(local) }
        switch mode {
        case .standalone, .leader: text += (hasLocal ? "Global " : "") + expiring(global)
        case .follower, .observer, .readOnly, .notServing: text += known(core)
        }
        text += ephemerals(core)
        text += "Connections dump:\nConnections "
        text += sets(
            core.sortedConnections.map {
                (expiry(core.sessions[$0.session]), "ip: /\($0.address) sessionId: \($0.session)")
            })
        return text
    }

    /// Elsewhere than at the leader it is not known when the ensemble's sessions expire.
    private func known(_ core: ServerCore) -> String {
        let sessions = core.tree.sessions.all.sorted { $0.id < $1.id }
        return "Global Sessions(\(sessions.count)):\n"
            + sessions.map { "\($0.id)\t\($0.timeoutMilliseconds)ms\n" }.joined()
    }

    private func ephemerals(_ core: ServerCore) -> String {
        let owners = core.tree.sessionsWithEphemerals
        var text = "ephemeral nodes dump:\nSessions with Ephemerals (\(owners.count)):\n"
        for owner in owners {
            text += "\(owner):\n"
            core.tree.forEachEphemeral(of: owner) { text += "\t\($0.text)\n" }
        }
        return text
    }

    /// Elements under the times, in milliseconds since 1970, at which they expire.
    private func sets(_ elements: [(expiry: Int64, text: String)]) -> String {
        let groups = Dictionary(grouping: elements, by: \.expiry)
        var text = "Sets (\(groups.count))/(\(elements.count)):\n"
        for (expiry, group) in groups.sorted(by: { $0.key < $1.key }) {
            text += "\(group.count) expire at \(Self.javaDate(expiry)):\n"
            for element in group { text += "\t\(element.text)\n" }
        }
        return text
    }

    /// As `java.util.Date` prints itself, in UTC.
    private static func javaDate(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1000)
        var calendar = tm()
        gmtime_r(&seconds, &calendar)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%a %b %d %H:%M:%S UTC %Y", &calendar)
        return String(decoding: text[..<count].map(UInt8.init), as: UTF8.self)
    }
}
