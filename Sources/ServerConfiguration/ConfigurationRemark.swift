// What is wrong, or only odd, in a configuration: where it stands, and what to do.

/// A remark about one line of a configuration file.
package struct ConfigurationRemark: Hashable, Sendable, CustomStringConvertible {
    package enum Severity: String, Sendable {
        /// The key is known and there is nothing here for it to do.
        case notice
        /// The server starts, and not quite as the file may have meant.
        case warning
        /// The server does not start.
        case error
    }

    package let severity: Severity
    /// The file as its reader named it.
    package let file: String
    /// Counted from 1; nil if the remark is about the file as a whole.
    package let line: Int?
    package let text: String

    package init(_ severity: Severity, file: String, line: Int?, _ text: String) {
        self.severity = severity
        self.file = file
        self.line = line
        self.text = text
    }

    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return "\(place): \(severity.rawValue): \(text)"
    }
}

/// A configuration that cannot be used: every error in it, not only the first.
package struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// At least one of them is an error; the warnings are here because they may explain it.
    package let remarks: [ConfigurationRemark]

    package var description: String { remarks.map(\.description).joined(separator: "\n") }
}
