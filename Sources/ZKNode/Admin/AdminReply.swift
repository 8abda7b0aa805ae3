/// One line of JSON: an object of texts, numbers and booleans.
package struct AdminReply: Equatable, Sendable {
    enum Field: Equatable, Sendable {
        case text(String)
        case number(Int64)
        case bool(Bool)
    }

    let fields: [(name: String, value: Field)]

    init(_ fields: [(String, Field)]) { self.fields = fields.map { (name: $0.0, value: $0.1) } }

    /// `{"error":"..."}`: what scripts look for.
    static func failure(_ words: String) -> AdminReply { AdminReply([("error", .text(words))]) }

    package static func == (left: AdminReply, right: AdminReply) -> Bool { left.line == right.line }

    var line: String {
        let members = fields.map { "\(Self.quoted($0.name)):\($0.value.json)" }
        return "{" + members.joined(separator: ",") + "}\n"
    }

    fileprivate static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension AdminReply.Field {
    fileprivate var json: String {
        switch self {
        case .text(let text): AdminReply.quoted(text)
        case .number(let number): "\(number)"
        case .bool(let isTrue): "\(isTrue)"
        }
    }
}

extension AdminReply {
    /// The value of a text field of a line that this type made; nil if it is not there. For the
    /// command line, which knows what it has asked.
    package static func text(_ name: String, in line: String) -> String? {
        let key = quoted(name) + ":\""
        guard let start = line.firstRange(of: key)?.upperBound else { return nil }
        var value = ""
        var isEscaped = false
        for character in line[start...] {
            if isEscaped {
                value.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                return value
            } else {
                value.append(character)
            }
        }
        return nil
    }
}
