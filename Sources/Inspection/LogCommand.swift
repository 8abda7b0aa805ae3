// `zkdump log`: every transaction, decoded.
import Storage
import TxnLog
import ZKWire

package struct LogCommand<D: Disk> {
    private let disk: D
    private let path: String
    private let filter: LogFilter

    package init(_ disk: D, path: String, filter: LogFilter) {
        self.disk = disk
        self.path = normalized(path)
        self.filter = filter
    }

    package func run(_ output: Output) throws(InspectionError) -> InspectionStatus {
        let source = try LogSource(disk, path)
        guard !source.paths.isEmpty else {
            throw .wrongDirectory(path: path, expected: "a log: there is no log file in it")
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
    private var shownCount = 0
    private var txnCount = 0
    private var hasHeading = false

    init(_ output: Output, _ filter: LogFilter) {
        self.output = output
        self.filter = filter
    }

    mutating func begin(_ file: LogFile) {
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
        output.line(
            output.tinted(
                columns("ZXID", "TIME", "SESSION", "CXID") + "OPERATION", .strong))
    }

    mutating func record(_ point: ChainPoint) {}

    mutating func txn(
        _ header: TxnHeader, _ record: ByteView, in file: LogFile, at offset: Int64
    ) {
        txnCount += 1
        guard filter.admits(header, record) else { return }
        shownCount += 1
        let txn = DecodedTxn(type: header.type, record: record)
        if output.isJSON {
            output.line(json(header, txn, file, offset))
        } else {
            text(header, txn)
        }
    }

    mutating func found(_ finding: Finding) { finding.print(to: output) }
    mutating func end(_ file: LogFile, _ summary: LogFileSummary) {}

    func finish() {
        guard !output.isJSON else { return }
        let of = shownCount == txnCount ? "" : " of \(txnCount) read"
        output.line(output.tinted("# \(shownCount) transactions\(of)", .faint))
    }

    private func text(_ header: TxnHeader, _ txn: DecodedTxn) {
        output.line(
            columns(
                "\(header.zxid)", humanTime(milliseconds: header.time), "\(header.session)",
                String(header.cxid)) + txn.text)
        for part in txn.parts { output.line(columns("", "", "", "") + "  " + part.text) }
    }

    private func columns(
        _ zxid: String, _ time: String, _ session: String, _ cxid: String
    ) -> String {
        zxid.leftAligned(12) + " " + time.leftAligned(24) + " " + session.leftAligned(18) + " "
            + cxid.rightAligned(6) + "  "
    }

    private func json(
        _ header: TxnHeader, _ txn: DecodedTxn, _ file: LogFile, _ offset: Int64
    ) -> JSONValue {
        let members: [JSONValue.Member] = [
            .init(key: "type", value: "txn"),
            .init(key: "zxid", value: .string("\(header.zxid)")),
            .init(key: "time", value: .string(humanTime(milliseconds: header.time))),
            .init(key: "timeMs", value: .integer(header.time)),
            .init(key: "session", value: .string("\(header.session)")),
            .init(key: "cxid", value: .integer(header.cxid)),
        ]
        let place: [JSONValue.Member] = [
            .init(key: "file", value: .string(file.path)),
            .init(key: "offset", value: .integer(offset)),
        ]
        return .object(members + txn.members + place)
    }
}
