// The table of keys as Markdown, for docs/operating/configure.md. A test holds the page to it.

extension ConfigurationKey {
    /// The tables of all keys, a section each.
    package static var documentation: String {
        Section.allCases.map { section in
            let keys = all.filter { $0.section == section }
            let table = section == .foreign ? foreignTable(keys) : table(keys)
            return "### \(section.rawValue)\n\n\(table)\n"
        }
        .joined(separator: "\n")
    }

    private static func table(_ keys: [ConfigurationKey]) -> String {
        let head = ["| key | default | allowed | meaning |", "|---|---|---|---|"]
        let rows = keys.map { key in
            let aliases = key.aliases.map { ", `\($0)`" }.joined()
            let name = key.isFamily ? key.name + "N" : key.name
            let cells = ["`\(name)`\(aliases)", key.defaultText, key.expected, key.meaning]
            // A bar within a cell would end it.
            let escaped = cells.map { $0.split(separator: "|").joined(separator: "\\|") }
            return "| \(escaped.joined(separator: " | ")) |"
        }
        return (head + rows).joined(separator: "\n")
    }

    /// Keys without effect, one row for each reason.
    private static func foreignTable(_ keys: [ConfigurationKey]) -> String {
        var reasons: [(reason: String, names: [String])] = []
        for key in keys {
            let reason = key.status.documentation
            let name = "`\(key.name)\(key.isFamily ? "*" : "")`"
            if let index = reasons.firstIndex(where: { $0.reason == reason }) {
                reasons[index].names.append(name)
            } else {
                reasons.append((reason, [name]))
            }
        }
        let rows = reasons.map { "| \($0.reason) | \($0.names.joined(separator: " ")) |" }
        return (["| why | keys |", "|---|---|"] + rows).joined(separator: "\n")
    }
}

extension ConfigurationKey.Status {
    fileprivate var documentation: String {
        switch self {
        case .applied: "applied"
        case .withoutEffect(let why): "Noted in the log: \(why)."
        case .unsupported(let what): "Not supported yet, with a warning: \(what)."
        case .refused(let what): "The server does not start if it is on: \(what)."
        }
    }
}
