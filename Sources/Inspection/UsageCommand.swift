// `zkdump du`: which subtrees the znodes and bytes are in.
import Snapshot
import Storage
import ZKWire

package struct UsageCommand<D: Disk> {
    private let disk: D
    private let path: String
    private let logDirectory: String?
    private let depth: Int
    private let pathPrefix: String?

    /// - Parameter pathPrefix: only this znode and those below it.
    package init(
        _ disk: D, path: String, logDirectory: String? = nil, depth: Int,
        pathPrefix: String? = nil
    ) {
        self.disk = disk
        self.path = normalized(path)
        self.logDirectory = logDirectory.map { normalized($0) }
        let prefix = pathPrefix == "/" ? nil : pathPrefix
        // Counted from where the user looks.
        self.depth = depth + (prefix?.utf8.count { $0 == UInt8(ascii: "/") } ?? 0)
        self.pathPrefix = prefix
    }

    package func run(_ output: Output) throws(InspectionError) -> InspectionStatus {
        var sink = FilteredSink(
            ContentSummary(depth: depth), NodeFilter(pathPrefix: pathPrefix))
        let findings = try Content(disk, path, logDirectory: logDirectory)
            .read(into: &sink, output)
        var summary = sink.finish()
        let rows = summary.usage.rows().filter { isWanted($0.path) }
        if output.isJSON {
            for row in rows { output.line(json(row)) }
        } else {
            output.line(output.tinted(columns("BYTES", "VALUES", "ZNODES") + "PATH", .strong))
            for row in rows {
                output.line(
                    columns(
                        "\(row.usage.bytes)", "\(row.usage.dataBytes)", "\(row.usage.znodeCount)")
                        + printable(row.path))
            }
        }
        for finding in findings { finding.print(to: output) }
        return findings.map(\.status).max() ?? .clean
    }

    /// What is above the prefix has the same in it.
    private func isWanted(_ path: String) -> Bool {
        guard let pathPrefix else { return true }
        return path.withByteView { path in pathPrefix.withByteView { isWithin(path, $0) } }
    }

    private func columns(_ bytes: String, _ values: String, _ znodes: String) -> String {
        bytes.rightAligned(14) + " " + values.rightAligned(14) + " "
            + znodes.rightAligned(10) + "  "
    }

    private func json(_ row: SubtreeUsage.Row) -> JSONValue {
        .object([
            "type": "usage", "path": .string(row.path), "bytes": .integer(row.usage.bytes),
            "dataBytes": .integer(row.usage.dataBytes), "znodes": .integer(row.usage.znodeCount),
        ])
    }
}
