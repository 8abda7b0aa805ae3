// `zkdump snapshot`: what one snapshot file holds.
import Snapshot
import Storage
import ZKWire

package struct SnapshotCommand<D: Disk> {
    private let disk: D
    private let path: String
    private let listsNodes: Bool
    private let filter: NodeFilter

    /// - Parameter filter: of the list.
    package init(
        _ disk: D, path: String, listsNodes: Bool, filter: NodeFilter = NodeFilter()
    ) {
        self.disk = disk
        self.path = normalized(path)
        self.listsNodes = listsNodes
        self.filter = filter
    }

    package func run(_ output: Output) throws(InspectionError) -> InspectionStatus {
        let file = try SnapshotFile(disk, path)
        return listsNodes ? try list(file, output) : try summarize(file, output)
    }

    private func list(
        _ file: SnapshotFile<D>, _ output: Output
    ) throws(InspectionError) -> InspectionStatus {
        var printer = NodePrinter(output, filter)
        printer.heading()
        let found = try file.read(into: &printer, output)
        return report(found, output)
    }

    private func summarize(
        _ file: SnapshotFile<D>, _ output: Output
    ) throws(InspectionError) -> InspectionStatus {
        var summary = ContentSummary(depth: 1)
        let found = try file.read(into: &summary, output)
        var printer = SummaryPrinter(output: output, summary: summary)
        if output.isJSON {
            output.line(.object(found.members + printer.members()))
        } else {
            output.line(output.tinted(path, .strong))
            printer.text(found.head)
        }
        return report(found, output)
    }

    private func report(_ found: SnapshotInspection, _ output: Output) -> InspectionStatus {
        for finding in found.findings() { finding.print(to: output) }
        return found.isWhole ? .clean : .damaged
    }
}
