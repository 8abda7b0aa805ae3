import Storage
import Testing
import TxnLog
import ZKWire

typealias SimulatedLog = TxnLog<SimulatedDisk>

/// One transaction of a test.
struct TestTxn: Equatable, CustomStringConvertible {
    let zxid: Zxid
    let payload: [UInt8]

    init(_ zxid: Zxid, payload: [UInt8]) {
        self.zxid = zxid
        self.payload = payload
    }

    /// With content that tells it from others of the same zxid, of a length that varies.
    init(_ counter: Int, variant: Int = 0, epoch: UInt32 = 1) {
        zxid = Zxid(epoch: Epoch(rawValue: epoch), counter: UInt32(counter))
        let length = 30 + (counter &* 37 &+ variant &* 11) % 90
        payload = (0..<length).map {
            UInt8(truncatingIfNeeded: counter &* 7 &+ variant &* 101 &+ $0 / 3)
        }
    }

    var description: String { "\(zxid)" }
}

func zxid(_ counter: Int, epoch: UInt32 = 1) -> Zxid {
    Zxid(epoch: Epoch(rawValue: epoch), counter: UInt32(counter))
}

func txns(_ range: ClosedRange<Int>, variant: Int = 0) -> [TestTxn] {
    range.map { TestTxn($0, variant: variant) }
}

func batch(_ txns: [TestTxn]) -> TxnBatch {
    let batch = TxnBatch()
    for txn in txns { txn.payload.withByteView { batch.append(zxid: txn.zxid, payload: $0) } }
    batch.freeze()
    return batch
}

/// A log of small segments on a simulated disk.
struct Fixture {
    static let directory = "log"
    static let ensembleID: UInt64 = 0xfeed_beef

    var configuration: TxnLogConfiguration
    var base = LogBase.origin

    init(segmentSizeBytes: Int = 64 << 10, isCompressed: Bool = false) {
        configuration = TxnLogConfiguration(ensembleID: Self.ensembleID, saltSeed: 42)
        configuration.segmentSizeBytes = segmentSizeBytes
        configuration.isCompressed = isCompressed
    }

    func open<D: Disk>(
        _ disk: D, in directory: String = directory
    ) throws(TxnLogError) -> (log: TxnLog<D>, report: RecoveryReport) {
        try TxnLog.open(
            disk: disk, directory: directory, configuration: configuration, base: base)
    }

    /// What a start finds: the report, and every transaction from the log's start on.
    func recover(_ disk: SimulatedDisk) throws -> (report: RecoveryReport, txns: [TestTxn]) {
        let (log, report) = try open(disk)
        let found = try readAll(log)
        try log.close()
        return (report, found)
    }

    /// The error that a start meets, at opening or at replay.
    func refusal(_ disk: SimulatedDisk) throws -> TxnLogError {
        try #require(throws: TxnLogError.self) { _ = try recover(disk) }
    }

    /// A disk with a closed log of these writes; nil stands for a roll.
    func written(_ writes: [[TestTxn]?], isClosed: Bool = true) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        let log = try open(disk).log
        for write in writes {
            if let write { _ = try log.append([batch(write)]) } else { log.roll() }
        }
        if isClosed { try log.close() }
        return disk.afterKill()
    }
}

func readAll<D: Disk>(_ log: TxnLog<D>, after start: Zxid? = nil) throws -> [TestTxn] {
    var found: [TestTxn] = []
    try log.replay(after: start ?? log.startsAfter) { zxid, payload in
        found.append(TestTxn(zxid, payload: Array(payload)))
    }
    return found
}

extension SimulatedDisk {
    func logFiles(in directory: String = Fixture.directory) throws -> [String] {
        try list(directory).filter { $0.hasSuffix(".log") }
    }

    /// Where the records of a segment end: behind its last byte that is not zero, aligned.
    func recordsEnd(of name: String, in directory: String = Fixture.directory) throws -> Int {
        let bytes = try #require(self.content(of: directory + "/" + name))
        let last = bytes.lastIndex { $0 != 0 } ?? -1
        return max((last + 8) & ~7, TxnLogFormat.headerBlockBytes)
    }
}

func path(_ name: String) -> String { Fixture.directory + "/" + name }

let firstSegment = "0000000100000001.log"
