import TxnLog
import ZKWire

/// A log file about to be read.
struct LogFile: Equatable {
    enum Origin: Equatable { case own, apache }

    let path: String
    let origin: Origin
    let sizeBytes: Int64
    /// Of our own.
    var header: SegmentHeader?
}

/// What a log file was found to hold.
struct LogFileSummary: Equatable {
    var recordCount = 0
    var txnCount = 0
    var first: Zxid?
    var last: Zxid?
    /// Where its records end.
    var endOffset: Int64 = 0
    var status = InspectionStatus.clean
}

/// Takes what a walk over log files comes across, in the files' order.
protocol LogVisitor {
    mutating func begin(_ file: LogFile)
    /// A sound record of ours; its last transaction's zxid.
    mutating func record(_ point: ChainPoint)
    /// The payload is valid during the call only.
    mutating func txn(_ header: TxnHeader, _ record: ByteView, in file: LogFile, at offset: Int64)
    mutating func found(_ finding: Finding)
    mutating func end(_ file: LogFile, _ summary: LogFileSummary)
}
