// `zkdump diff`: what changed from one snapshot or directory to another.
import DataTree
import Storage
import ZKWire

package struct DiffCommand<D: Disk> {
    /// A snapshot, or a directory, perhaps with its log apart.
    package struct Side {
        let path: String
        let logDirectory: String?

        package init(_ path: String, logDirectory: String? = nil) {
            self.path = normalized(path)
            self.logDirectory = logDirectory.map { normalized($0) }
        }
    }

    private let disk: D
    private let before: Side
    private let after: Side
    private let pathPrefix: String?

    /// - Parameter pathPrefix: only this znode and those below it.
    package init(
        _ disk: D, from before: Side, to after: Side, pathPrefix: String? = nil
    ) {
        self.disk = disk
        self.before = before
        self.after = after
        self.pathPrefix = pathPrefix == "/" ? nil : pathPrefix
    }

    /// `clean` if both are the same, `different` if not, `damaged` if one could not be read whole.
    package func run(_ output: Output) throws(InspectionError) -> InspectionStatus {
        let sides = [
            try Content(disk, before.path, logDirectory: before.logDirectory),
            try Content(disk, after.path, logDirectory: after.logDirectory),
        ]
        let (left, leftFindings) = try sides[0].load(output)
        let (right, rightFindings) = try sides[1].load(output)
        let findings = leftFindings + rightFindings
        var status = InspectionStatus.clean
        if let left, let right {
            let difference = TreeDifference(from: left, to: right, under: pathPrefix)
            print(difference, output)
            if !difference.isEmpty { status = .different }
        }
        for finding in findings { finding.print(to: output) }
        return findings.contains { $0.severity == .damage } ? .damaged : status
    }

    private func print(_ difference: TreeDifference, _ output: Output) {
        for entry in difference.znodes { print(entry, "znode", output) }
        for entry in difference.sessions { print(entry, "session", output) }
        guard !output.isJSON else { return }
        let counts = [TreeDifference.Change.created, .deleted, .changed].map { change in
            difference.znodes.count { $0.change == change }
        }
        output.line(
            output.tinted(
                "# znodes: \(counts[0]) created, \(counts[1]) deleted, \(counts[2]) changed; "
                    + "sessions: \(difference.sessions.count)", .faint))
    }

    private func print(_ entry: TreeDifference.Entry, _ kind: String, _ output: Output) {
        if output.isJSON { return output.line(json(entry, kind)) }
        let name = kind == "znode" ? printable(entry.path) : "session \(entry.path)"
        let fields = entry.fields.map { field in
            switch entry.change {
            case .created: "\(field.name)=\(text(field.after))"
            case .deleted: "\(field.name)=\(text(field.before))"
            case .changed: "\(field.name): \(text(field.before)) -> \(text(field.after))"
            }
        }
        let separator = entry.change == .changed ? "; " : " "
        let (mark, tint): (String, Output.Tint) =
            switch entry.change {
            case .created: ("+", .good)
            case .deleted: ("-", .bad)
            case .changed: ("~", .warning)
            }
        output.line(
            output.tinted("\(mark) \(name)", tint) + "  " + fields.joined(separator: separator))
    }

    private func text(_ value: JSONValue) -> String {
        if case .string(let words) = value { return printable(words) }
        return value.text
    }

    private func json(_ entry: TreeDifference.Entry, _ kind: String) -> JSONValue {
        let fields = entry.fields.map { field in
            JSONValue.Member(
                key: field.name,
                value: .object(["before": field.before, "after": field.after]))
        }
        return .object([
            "type": "change", "what": .string(kind), "change": .string("\(entry.change)"),
            kind == "znode" ? "path" : "session": .string(entry.path), "fields": .object(fields),
        ])
    }
}
