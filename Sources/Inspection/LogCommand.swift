// `zkdump log`: every transaction, decoded.
import Storage
import TxnLog
import ZKWire

package struct LogCommand<D: Disk> {
    private let disk: D
    private let path: String
    private let logDirectory: String?
    private let filter: LogFilter

    package init(
        _ disk: D, path: String, logDirectory: String? = nil, filter: LogFilter = LogFilter()
    ) {
        self.disk = disk
        self.path = normalized(path)
        self.logDirectory = logDirectory.map { normalized($0) }
        self.filter = filter
    }

    package func run(_ output: Output) throws(InspectionError) -> InspectionStatus {
        let source = try LogSource(disk, path, logDirectory: logDirectory)
        guard !source.paths.isEmpty else {
            throw .wrongDirectory(
                path: path, expected: "a log: there is no log file in it",
                advice: "If the server has a dataLogDir, give it as --log-dir")
        }
        var printer = LogPrinter(output, filter)
        var status = InspectionStatus.clean
        switch source.origin {
        case .own:
            var walk = OwnLogWalk(disk, output, watermark: source.watermark)
            walk.filter = filter
            walk.isEndIncluded = source.isEndIncluded
            try walk.run(source.paths, &printer)
            status = walk.status
        case .apache:
            var walk = ApacheLogWalk(disk, output)
            walk.filter = filter
            walk.isEndIncluded = source.isEndIncluded
            try walk.run(source.paths, &printer)
            status = walk.status
        }
        printer.finish()
        return status
    }
}

/// Prints what a walk comes across.
private struct LogPrinter: LogVisitor {
    private let output: Output
    private let filter: LogFilter
    private var line: TxnLine
    private var shownCount = 0
    private var txnCount = 0
    private var hasHeading = false

    init(_ output: Output, _ filter: LogFilter) {
        self.output = output
        self.filter = filter
        line = TxnLine(output)
    }

    mutating func begin(_ file: LogFile) {
        line.begin(file: file.path)
        guard !output.isJSON else { return }
        var words = ["# \(file.path): \(humanSize(file.sizeBytes))"]
        if let header = file.header {
            words.append("ensemble 0x\(String(header.ensembleID, radix: 16))")
            words.append("generation \(header.generation)")
            words.append("continues \(header.previous)")
        } else if file.origin == .apache {
            words.append("Apache's")
        }
        output.line(output.tinted(words.joined(separator: ", "), .faint))
        guard !hasHeading else { return }
        hasHeading = true
        output.line(output.tinted(TxnLine.heading, .strong))
    }

    mutating func record(_ point: ChainPoint) {}

    mutating func txn(
        _ header: TxnHeader, _ record: ByteView, in file: LogFile, at offset: Int64
    ) {
        txnCount += 1
        guard filter.admits(header, record) else { return }
        shownCount += 1
        line.write(header, record, at: offset)
    }

    mutating func found(_ finding: Finding) { finding.print(to: output) }
    mutating func end(_ file: LogFile, _ summary: LogFileSummary) {}

    func finish() {
        guard !output.isJSON else { return }
        let of = shownCount == txnCount ? "" : " of \(txnCount) read"
        output.line(output.tinted("# \(shownCount) transactions\(of)", .faint))
    }
}
