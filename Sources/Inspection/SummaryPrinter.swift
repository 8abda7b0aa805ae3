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
        let lists = summary.acls.filter { $0.value.uses > 0 }.sorted { left, right in
            (right.value.uses, left.key) < (left.value.uses, right.key)
        }
        output.line(output.tinted("access control lists: \(lists.count + 1)", .strong))
        output.line(
            "  " + "\(summary.openUses)".rightAligned(8) + "  " + aclText(ACLEntry.openUnsafe))
        for (_, list) in lists.prefix(Self.shownRows) {
            output.line("  " + "\(list.uses)".rightAligned(8) + "  " + aclText(list.entries))
        }
        more(lists.count)
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
        var lists = [Self.list(ACLEntry.openUnsafe, summary.openUses)]
        for (_, list) in summary.acls.sorted(by: { $0.key < $1.key }) where list.uses > 0 {
            lists.append(Self.list(list.entries, list.uses))
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

    private static func list(_ entries: [ACLEntry], _ uses: Int) -> JSONValue {
        .object(["acl": .string(aclText(entries)), "znodes": .integer(uses)])
    }
}
