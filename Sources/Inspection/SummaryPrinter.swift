import ZKWire

/// Prints what a tree amounts to, for `snapshot` and `tree`.
struct SummaryPrinter {
    /// Longer tables are cut in text; JSON has all of them.
    private static var shownRows: Int { 20 }

    let output: Output
    var summary: ContentSummary

    /// - Parameter head: what the file or directory says of itself, before the counts.
    mutating func text(_ head: [(String, String)]) {
        let rows = head + counts
        let width = rows.map(\.0.count).max() ?? 0
        for (key, value) in rows {
            output.line("  " + key.leftAligned(width) + "  " + value)
        }
        sessions()
        accessLists()
        topLevel()
    }

    private var counts: [(String, String)] {
        var rows = [
            (
                "znodes",
                "\(summary.znodeCount) (\(summary.ephemeralCount) ephemeral, "
                    + "\(summary.containerCount) container, \(summary.ttlCount) TTL)"
            ),
            (
                "data",
                "\(humanSize(summary.dataBytes)) in values, "
                    + "\(humanSize(summary.pathBytes)) in paths"
            ),
        ]
        if let largest = summary.largest {
            rows.append(
                ("largest", "\(printable(largest.path)), \(humanSize(Int64(largest.bytes)))"))
        }
        if summary.lastChange.zxid > .zero {
            let change = summary.lastChange
            rows.append(
                ("last change", "\(change.zxid) at \(humanTime(milliseconds: change.time))"))
        }
        if summary.unresolvedUses > 0 {
            rows.append(
                (
                    "unresolved",
                    "\(summary.unresolvedUses) znodes whose access list comes with the log"
                ))
        }
        return rows
    }

    private func sessions() {
        let sorted = summary.sessions.sorted { $0.id < $1.id }
        output.line(output.tinted("sessions: \(sorted.count)", .strong))
        for session in sorted.prefix(Self.shownRows) {
            let owned = summary.ephemeralsBySession[session.id] ?? 0
            output.line(
                "  " + "\(session.id)".leftAligned(18)
                    + "  timeout \(session.timeoutMilliseconds) ms, ephemerals \(owned)")
        }
        more(sorted.count)
    }

    private func accessLists() {
        let lists = countedLists
        output.line(output.tinted("access control lists: \(lists.count)", .strong))
        for list in lists.prefix(Self.shownRows) {
            output.line("  " + "\(list.uses)".rightAligned(8) + "  " + list.text)
        }
        more(lists.count)
    }

    /// Equal lists counted as one, under whatever ids; the open one first, then the most used.
    private var countedLists: [(text: String, uses: Int)] {
        let open = aclText(ACLEntry.openUnsafe)
        var uses = [open: summary.openUses]
        for list in summary.acls.values where list.uses > 0 {
            uses[aclText(list.entries), default: 0] += list.uses
        }
        let openUses = uses.removeValue(forKey: open) ?? 0
        let others = uses.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return [(open, openUses)] + others.map { ($0.key, $0.value) }
    }

    private mutating func topLevel() {
        output.line(output.tinted("top level (bytes of values and paths, znodes)", .strong))
        // One more for the root, which is left out.
        let rows = summary.usage.rows(limit: Self.shownRows + 1).filter { $0.path != "/" }
        for row in rows.prefix(Self.shownRows) {
            output.line(
                "  " + "\(row.usage.bytes)".rightAligned(12) + " "
                    + "\(row.usage.znodeCount)".rightAligned(9) + "  " + printable(row.path))
        }
        more(summary.usage.rowCount - 1)
    }

    private func more(_ count: Int) {
        let rest = count - Self.shownRows
        if rest > 0 { output.line("  ... and \(rest) more (--json has all)") }
    }

    /// The members that follow those of the head.
    mutating func members() -> [JSONValue.Member] {
        let sessions = summary.sessions.sorted { $0.id < $1.id }.map { session in
            JSONValue.object([
                "id": .string("\(session.id)"),
                "timeoutMs": .integer(session.timeoutMilliseconds),
                "ephemerals": .integer(summary.ephemeralsBySession[session.id] ?? 0),
            ])
        }
        let lists = countedLists.map { list in
            JSONValue.object(["acl": .string(list.text), "znodes": .integer(list.uses)])
        }
        let top = summary.usage.rows().filter { $0.path != "/" }.map { row in
            JSONValue.object([
                "path": .string(row.path), "bytes": .integer(row.usage.bytes),
                "znodes": .integer(row.usage.znodeCount),
            ])
        }
        return [
            .init(key: "znodes", value: .integer(summary.znodeCount)),
            .init(key: "ephemerals", value: .integer(summary.ephemeralCount)),
            .init(key: "containers", value: .integer(summary.containerCount)),
            .init(key: "ttls", value: .integer(summary.ttlCount)),
            .init(key: "dataBytes", value: .integer(summary.dataBytes)),
            .init(key: "pathBytes", value: .integer(summary.pathBytes)),
            .init(key: "lastChange", value: .string("\(summary.lastChange.zxid)")),
            .init(key: "unresolved", value: .integer(summary.unresolvedUses)),
            .init(key: "sessions", value: .array(sessions)),
            .init(key: "acls", value: .array(lists)),
            .init(key: "topLevel", value: .array(top)),
        ]
    }
}
