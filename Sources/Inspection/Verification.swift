import ZKWire

/// What a verification has found so far: a line a file, and what is wrong with it.
struct Verification {
    struct Line: Equatable {
        let path: String
        /// nil where the file was not looked into.
        var status: InspectionStatus?
        let what: String
    }

    enum Item {
        case line(Line)
        case finding(Finding)
    }

    private(set) var items: [Item] = []
    private(set) var status = InspectionStatus.clean
    private(set) var fileCount = 0
    private(set) var readBytes: Int64 = 0

    mutating func add(
        _ path: String, _ what: String, _ findings: [Finding] = [], bytes: Int64 = 0
    ) {
        let worst = findings.map(\.status).max() ?? .clean
        items.append(.line(Line(path: path, status: worst, what: what)))
        for finding in findings { add(finding) }
        fileCount += 1
        readBytes += bytes
    }

    /// A file that says nothing about the data.
    mutating func skip(_ path: String, _ what: String) {
        items.append(.line(Line(path: path, status: nil, what: what)))
    }

    mutating func add(_ finding: Finding) {
        status = max(status, finding.status)
        items.append(.finding(finding))
    }

    func print(to output: Output) {
        for item in items {
            switch item {
            case .finding(let finding): finding.print(to: output)
            case .line(let line): print(line, output)
            }
        }
        let words = Self.verdict(status)
        if output.isJSON {
            output.line(
                .object([
                    "type": "verdict", "verdict": .string(words.word),
                    "status": .integer(status.rawValue), "files": .integer(fileCount),
                    "bytes": .integer(readBytes),
                ]))
        } else {
            output.line(
                output.tinted("\(words.word): \(words.meaning)", Self.tint(status))
                    + " (\(fileCount) files, \(humanSize(readBytes)))")
        }
    }

    private func print(_ line: Line, _ output: Output) {
        let word = line.status.map { Self.word($0) } ?? "skipped"
        if output.isJSON {
            return output.line(
                .object([
                    "type": "file", "file": .string(line.path), "status": .string(word),
                    "what": .string(line.what),
                ]))
        }
        let tint = line.status.map { Self.tint($0) } ?? .faint
        output.line(
            output.tinted(word.leftAligned(8), tint) + line.path.leftAligned(width) + "  "
                + line.what)
    }

    /// Of the column of paths.
    private var width: Int {
        items.reduce(0) { widest, item in
            if case .line(let line) = item { max(widest, line.path.count) } else { widest }
        }
    }

    private static func word(_ status: InspectionStatus) -> String {
        switch status {
        case .clean: "ok"
        case .torn: "torn"
        case .damaged, .unusable: "DAMAGED"
        }
    }

    private static func tint(_ status: InspectionStatus) -> Output.Tint {
        switch status {
        case .clean: .good
        case .torn: .warning
        case .damaged, .unusable: .bad
        }
    }

    private static func verdict(_ status: InspectionStatus) -> (word: String, meaning: String) {
        switch status {
        case .clean: ("clean", "every checksum is right and the history is whole")
        case .torn:
            ("torn", "the last write was cut short before it was acknowledged; a start cuts it off")
        case .damaged, .unusable:
            ("corrupt", "something that may have been acknowledged is damaged or missing")
        }
    }
}
