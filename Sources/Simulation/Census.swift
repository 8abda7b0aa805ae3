/// The parts of a run, for the test that nothing of it stays in memory.
package final class Census {
    private struct Entry {
        weak var part: AnyObject?
        let name: String
    }

    private var entries: [Entry] = []

    package init() {}

    func add(_ part: AnyObject) { entries.append(Entry(part: part, name: "\(type(of: part))")) }

    package var count: Int { entries.count }
    /// Those that are still there.
    package var left: [String] { entries.filter { $0.part != nil }.map(\.name) }
}
