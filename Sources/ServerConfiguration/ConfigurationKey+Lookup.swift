// Finding the row of a key as it is spelt in a file, and the nearest one if there is none.

extension ConfigurationKey {
    /// The whole table, in the order of the documentation.
    package static let all: [ConfigurationKey] =
        clientKeys + limitKeys + storageKeys + znodeKeys + securityKeys + memberKeys
        + ensembleTimingKeys + adminKeys + foreignKeys

    /// Apache's prefix of the keys that it reads as Java system properties; optional here.
    static let prefix = "zookeeper."

    /// The row that `spelling` belongs to and, if that is a family, the rest of the spelling.
    static func find(_ spelling: String) -> (key: ConfigurationKey, suffix: String)? {
        let name = unprefixed(spelling)
        if let index = indexByName[name] { return (all[index], "") }
        for key in families where name.hasPrefix(key.name) && name != key.name {
            return (key, String(name.dropFirst(key.name.count)))
        }
        return nil
    }

    /// `spelling` without the optional prefix.
    static func unprefixed(_ spelling: String) -> String {
        spelling.hasPrefix(prefix) ? String(spelling.dropFirst(prefix.count)) : spelling
    }

    /// The known name that a misspelt key was probably meant to be.
    static func nearest(to spelling: String) -> String? {
        let wrong = unprefixed(spelling).lowercased()
        let known = indexByName.keys.sorted()
        let distances = known.map { (name: $0, distance: editDistance(wrong, $0.lowercased())) }
        guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
        // A third of the letters wrong is another word.
        return best.distance <= max(1, wrong.count / 4) ? best.name : nil
    }

    private static let indexByName: [String: Int] = {
        var result: [String: Int] = [:]
        for (index, key) in all.enumerated() where !key.isFamily {
            for name in [key.name] + key.aliases {
                precondition(result[name] == nil, "two rows for the key \(name)")
                result[name] = index
            }
        }
        return result
    }()

    /// The longest first, so that `ssl.quorum.` is found before `ssl.`.
    private static let families = all.filter(\.isFamily).sorted { $0.name.count > $1.name.count }
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `left` into `right`
/// (the restricted Damerau-Levenshtein distance).
func editDistance(_ left: String, _ right: String) -> Int {
    let (a, b) = (Array(left.utf8), Array(right.utf8))
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                cost = min(cost, beforeLast[j - 1] + 1)
            }
            row.append(cost)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
