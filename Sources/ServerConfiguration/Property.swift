// Java's properties syntax, in which zoo.cfg is written (java.util.Properties, "load"): keys and
// values separated by `=`, `:` or blanks; comments from `#` or `!`; lines continued by a backslash;
// escapes. Differs from Java: the text is UTF-8 rather than Latin-1.

/// One key and value of a properties file.
package struct Property: Equatable, Sendable {
    package let key: String
    package let value: String
    /// The line on which the key begins, counted from 1.
    package let line: Int

    package init(_ key: String, _ value: String, line: Int) {
        self.key = key
        self.value = value
        self.line = line
    }

    /// The properties of `text` in their order, duplicates included. Total: the syntax has no
    /// errors, and an escape that is not complete stands for its own characters.
    package static func all(in text: String) -> [Property] {
        logicalLines(of: text).map(split(_:))
    }
}

/// A line after comments and blank lines are gone and continuations are joined.
private struct LogicalLine {
    var scalars: [Unicode.Scalar] = []
    var number: Int
}

extension Unicode.Scalar {
    fileprivate var isBlank: Bool { self == " " || self == "\t" || self == "\u{0C}" }
    fileprivate var isSeparator: Bool { self == "=" || self == ":" }
}

/// The lines as they stand in the file. A line ends at LF, CR or CR LF.
private func naturalLines(of text: String) -> [[Unicode.Scalar]] {
    var lines: [[Unicode.Scalar]] = [[]]
    var previous: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
        let endsPair = scalar == "\n" && previous == "\r"
        previous = scalar
        if endsPair { continue }
        if scalar == "\n" || scalar == "\r" {
            lines.append([])
        } else {
            lines[lines.count - 1].append(scalar)
        }
    }
    // Some editors open a file with a byte order mark.
    if lines[0].first == "\u{FEFF}" { lines[0].removeFirst() }
    return lines
}

private func logicalLines(of text: String) -> [LogicalLine] {
    var logical: [LogicalLine] = []
    var open: LogicalLine?
    for (index, natural) in naturalLines(of: text).enumerated() {
        var rest = natural.drop { $0.isBlank }
        if open == nil {
            guard let first = rest.first, first != "#", first != "!" else { continue }
        }
        let backslashes = rest.reversed().prefix { $0 == "\\" }.count
        let isContinued = backslashes % 2 == 1
        if isContinued { rest.removeLast() }

        var line = open ?? LogicalLine(number: index + 1)
        line.scalars += rest
        open = isContinued ? line : nil
        if !isContinued { logical.append(line) }
    }
    if let open { logical.append(open) }
    return logical.filter { !$0.scalars.isEmpty }
}

/// Key up to the first separator or blank that is not escaped, then at most one separator among
/// blanks, then the value. Blanks at the end of the value go too, as ZooKeeper has it.
private func split(_ line: LogicalLine) -> Property {
    let scalars = line.scalars
    var keyEnd = 0
    while keyEnd < scalars.count, !scalars[keyEnd].isBlank, !scalars[keyEnd].isSeparator {
        keyEnd += scalars[keyEnd] == "\\" ? 2 : 1
    }
    keyEnd = min(keyEnd, scalars.count)

    var rest = scalars[keyEnd...].drop { $0.isBlank }
    if let first = rest.first, first.isSeparator { rest = rest.dropFirst().drop { $0.isBlank } }
    let value = unescaped(rest)
    return Property(
        unescaped(scalars[..<keyEnd]), trimmed(value), line: line.number)
}

private func unescaped(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var result = String.UnicodeScalarView()
    var rest = scalars
    while let scalar = rest.popFirst() {
        guard scalar == "\\", let escaped = rest.popFirst() else {
            result.append(scalar)
            continue
        }
        switch escaped {
        case "t": result.append("\t")
        case "n": result.append("\n")
        case "r": result.append("\r")
        case "f": result.append("\u{0C}")
        case "u": result.append(hexadecimal(&rest) ?? "u")
        default: result.append(escaped)
        }
    }
    return String(result)
}

/// The scalar of the four hexadecimal digits after `\u`, which it takes off `rest`.
private func hexadecimal(_ rest: inout ArraySlice<Unicode.Scalar>) -> Unicode.Scalar? {
    let digits = String(String.UnicodeScalarView(rest.prefix(4)))
    guard digits.utf8.count == 4, let code = UInt32(digits, radix: 16),
        let scalar = Unicode.Scalar(code)
    else { return nil }
    rest.removeFirst(4)
    return scalar
}

/// `text` without blanks and line ends at both ends.
func trimmed(_ text: some StringProtocol) -> String {
    let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
    let tail = text.unicodeScalars.drop(while: isSpace)
    return String(String.UnicodeScalarView(tail.reversed().drop(while: isSpace).reversed()))
}
