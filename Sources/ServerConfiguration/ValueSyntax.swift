// How the value of a key is written: one reader, one writer and the words for what is allowed.

/// The text form of the values of one type.
struct ValueSyntax<Value: Sendable>: Sendable {
    /// What is allowed, to complete "expected ...".
    let expected: String
    /// The value that the text stands for, nil if it is not allowed.
    let parse: @Sendable (String) -> Value?
    /// The text of a value, for the default in the documentation.
    let render: @Sendable (Value) -> String
}

extension ValueSyntax {
    /// A syntax in which the absence of the key, and some values, stand for "none".
    /// - Parameters:
    ///   - word: what the documentation says for the absent value.
    ///   - noneTexts: the values that mean it.
    func optional(_ word: String, writtenAs noneTexts: [String]) -> ValueSyntax<Value?> {
        let base = self
        return ValueSyntax<Value?>(
            expected: ([expected] + noneTexts).joined(separator: ", or "),
            parse: { text in
                if noneTexts.contains(text) { return .some(nil) }
                guard let value = base.parse(text) else { return nil }
                return .some(value)
            },
            render: { $0.map(base.render) ?? word })
    }
}

extension ValueSyntax<Int> {
    /// Decimal, or hexadecimal after `0x`, in steps of `unit` (so that a size in KiB is kept in
    /// bytes).
    static func integer(_ range: ClosedRange<Int>, _ what: String, unit: Int = 1) -> Self {
        ValueSyntax(
            expected: "\(what), \(range.lowerBound) to \(range.upperBound)",
            parse: { text in
                guard let value = wholeNumber(text), range.contains(value) else { return nil }
                return value * unit
            },
            render: { "\($0 / unit)" })
    }

    static let port = integer(0...65535, "a port")
    static let count = integer(0...Int(Int32.max), "a number")
    static let bytes = integer(1024...Int(Int32.max), "a number of bytes")
    static let kibibytes = integer(1...(1 << 40), "a number of KiB", unit: 1024)
}

extension ValueSyntax<Double> {
    static func fraction(_ range: ClosedRange<Double>) -> Self {
        ValueSyntax(
            expected: "a number, \(range.lowerBound) to \(range.upperBound)",
            parse: { text in Double(text).flatMap { range.contains($0) ? $0 : nil } },
            render: { "\($0)" })
    }
}

extension ValueSyntax<Bool> {
    /// `true` or `false`. Not `yes`: what Apache takes for false must not be true here.
    static let trueOrFalse = ValueSyntax(
        expected: "true or false",
        parse: { ["true": true, "false": false][$0.lowercased()] },
        render: { $0 ? "true" : "false" })

    /// `yes` or `no`. Not `true`: Apache reads `skipACL=true` as "check", and so must this.
    static let yesOrNo = ValueSyntax(
        expected: "yes or no",
        parse: { ["yes": true, "no": false][$0.lowercased()] },
        render: { $0 ? "yes" : "no" })
}

extension ValueSyntax<Duration> {
    static func milliseconds(_ range: ClosedRange<Int> = 1...Int(Int32.max)) -> Self {
        ValueSyntax(
            expected: "milliseconds, \(range.lowerBound) to \(range.upperBound)",
            parse: { text in
                guard let value = wholeNumber(text), range.contains(value) else { return nil }
                return .milliseconds(value)
            },
            render: { "\($0.wholeMilliseconds)" })
    }

    /// A number with `ms`, `s`, `m`, `h` or `d`; without one of them, of `bareUnit`.
    static func interval(bareUnit: Duration, _ unitName: String) -> Self {
        ValueSyntax(
            expected: "\(unitName) or a number with ms, s, m, h or d",
            parse: { timeInterval($0, bareUnit: bareUnit) },
            render: { $0.shortText })
    }
}

extension ValueSyntax<String> {
    static let text = ValueSyntax(
        expected: "some text", parse: { $0.isEmpty ? nil : $0 }, render: { $0 })

    static let path = ValueSyntax(
        expected: "a path", parse: { $0.isEmpty ? nil : $0 }, render: { "`\($0)`" })
}

extension ValueSyntax<[String]> {
    /// Words between commas; blanks around them do not count.
    static let list = ValueSyntax(
        expected: "words separated by commas",
        parse: { $0.split(separator: ",").map { trimmed($0) }.filter { !$0.isEmpty } },
        render: { $0.isEmpty ? "none" : $0.joined(separator: ",") })
}

/// Decimal or, as Java's `Integer.decode` has it, hexadecimal after `0x`.
func wholeNumber(_ text: String) -> Int? {
    guard text.lowercased().hasPrefix("0x") else { return Int(text) }
    let digits = text.dropFirst(2)
    guard let first = digits.first, first.isHexDigit else { return nil }
    return Int(digits, radix: 16)
}

private func timeInterval(_ text: String, bareUnit: Duration) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int(digits), count <= Int(Int32.max) else { return nil }
    switch text.dropFirst(digits.count).lowercased() {
    case "": return bareUnit * count
    case "ms": return .milliseconds(count)
    case "s": return .seconds(count)
    case "m": return .seconds(count * 60)
    case "h": return .seconds(count * 3600)
    case "d": return .seconds(count * 86400)
    default: return nil
    }
}
