// `zkdump tree`: what a start would load from a directory.
import Snapshot
import Storage
import ZKWire

package struct TreeCommand<D: Disk> {
    private let disk: D
    private let path: String
    private let logDirectory: String?
    private let listsNodes: Bool
    private let filter: NodeFilter

    /// - Parameter filter: of the list.
    package init(
        _ disk: D, path: String, logDirectory: String? = nil, listsNodes: Bool,
        filter: NodeFilter = NodeFilter()
    ) {
        self.disk = disk
        self.path = normalized(path)
        self.logDirectory = logDirectory.map { normalized($0) }
        self.listsNodes = listsNodes
        self.filter = filter
    }

    package func run(_ output: Output) throws(InspectionError) -> InspectionStatus {
        let place = try Place(disk, path, logDirectory: logDirectory)
        do throws(LoadedTree.Failure) {
            let loaded = try LoadedTree(disk, path, place, output)
            print(loaded, output)
            for finding in loaded.findings { finding.print(to: output) }
            return loaded.status
        } catch {
            switch error {
            case .unusable(let error): throw error
            case .refused(let finding):
                finding.print(to: output)
                return .damaged
            }
        }
    }

    private func print(_ loaded: LoadedTree, _ output: Output) {
        do throws(DecodeError) {
            if listsNodes {
                var printer = NodePrinter(output, filter)
                printer.heading()
                try loaded.tree.feed(into: &printer)
                return
            }
            var summary = ContentSummary(depth: 1)
            try loaded.tree.feed(into: &summary)
            var printer = SummaryPrinter(output: output, summary: summary)
            if output.isJSON {
                output.line(.object(loaded.members + printer.members()))
            } else {
                output.line(output.tinted(path, .strong))
                printer.text(loaded.head)
            }
        } catch {
            preconditionFailure("a tree in memory was not accepted: \(error)")
        }
    }
}
