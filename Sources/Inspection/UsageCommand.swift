// `zkdump du`: which subtrees the znodes and bytes are in.
import Snapshot
import Storage
import ZKWire

package struct UsageCommand<D: Disk> {
    private let disk: D
    private let path: String
    private let depth: Int

    package init(_ disk: D, path: String, depth: Int) {
        self.disk = disk
        self.path = normalized(path)
        self.depth = depth
    }

    package func run(_ output: Output) throws(InspectionError) -> InspectionStatus {
        var summary = ContentSummary(depth: depth)
        let findings = try Content(disk, path).read(into: &summary, output)
        let rows = summary.usage.rows()
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
