import Storage
import ZKWire

/// Something that the log's files cannot be trusted about: where, and what was found there.
package struct LogFault: Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        case segmentHeader(SegmentHeader.Defect)
        /// No valid record begins here.
        case recordHeader(stored: UInt32, computed: UInt32)
        case bodyChecksum(stored: UInt32, computed: UInt32)
        /// The stated length does not fit the file or the limit.
        case recordLength(Int, limit: Int)
        /// The file ends within a record.
        case cutShort
        case brokenChain(expected: ChainPoint, found: ChainPoint)
        case compressedBody(String)
        case unreadable(DiskError)
        /// The log ends here; `durable` is the last zxid known to have been synced.
        case lostTail(durable: Zxid)
        /// The records between these two are in no file.
        case missingRecords(after: Zxid, next: Zxid)
        /// This segment goes on after the point at which the next one begins.
        case overlap(with: String)
        /// The file's name and its header disagree about the first zxid.
        case misnamed(firstZxid: Zxid)
        case foreignEnsemble(found: UInt64, expected: UInt64)
        /// Segments, or a watermark, of a later snapshot install than `meta` knows.
        case futureGeneration(found: UInt32, expected: UInt32)
    }

    /// The file's name within the log's directory.
    package var file: String
    /// In bytes from the start of the file.
    package var offset: Int
    /// The last zxid before the fault that is sound.
    package var lastGoodZxid: Zxid
    /// The damaged record's zxid, if its header still tells.
    package var zxid: Zxid?
    package var reason: Reason

    package init(
        file: String, offset: Int, lastGoodZxid: Zxid, zxid: Zxid? = nil, reason: Reason
    ) {
        self.file = file
        self.offset = offset
        self.lastGoodZxid = lastGoodZxid
        self.zxid = zxid
        self.reason = reason
    }
}

extension LogFault: CustomStringConvertible {
    package var description: String {
        "\(what) in \(file) at offset \(offset) (\(which))\(detail)"
    }

    private var which: String {
        zxid.map { "zxid \($0)" } ?? "after zxid \(lastGoodZxid)"
    }

    private var what: String {
        switch reason {
        case .segmentHeader: "unusable segment header"
        case .recordHeader, .bodyChecksum: "checksum mismatch"
        case .recordLength: "record length out of range"
        case .cutShort: "record cut short"
        case .brokenChain: "record that does not continue its predecessor"
        case .compressedBody: "undecodable compressed record"
        case .unreadable: "unreadable bytes"
        case .lostTail: "missing end of the log"
        case .missingRecords: "missing records"
        case .overlap: "records that another segment has too"
        case .misnamed: "misnamed segment"
        case .foreignEnsemble: "segment of another ensemble"
        case .futureGeneration: "segment of a later snapshot install"
        }
    }

    private var detail: String {
        switch reason {
        case .segmentHeader(let defect): ": \(defect)"
        case .recordHeader(let stored, let computed), .bodyChecksum(let stored, let computed):
            ": stored \(hexChecksum(stored)), computed \(hexChecksum(computed))"
        case .recordLength(let length, let limit): ": \(length) bytes stated, \(limit) possible"
        case .cutShort: ""
        case .brokenChain(let expected, let found):
            ": it names \(found) as its predecessor, which is \(expected)"
        case .compressedBody(let what): ": \(what)"
        case .unreadable(let error): ": \(error)"
        case .lostTail(let durable): ": synced up to zxid \(durable)"
        case .missingRecords(let after, let next):
            ": the history jumps from zxid \(after) to what follows zxid \(next)"
        case .overlap(let other): ": \(other)"
        case .misnamed(let first): ": its header says that it begins with zxid \(first)"
        case .foreignEnsemble(let found, let expected):
            ": ensemble 0x\(String(found, radix: 16)), not 0x\(String(expected, radix: 16))"
        case .futureGeneration(let found, let expected):
            ": generation \(found), and meta knows \(expected)"
        }
    }
}

extension ChainPoint: CustomStringConvertible {
    package var description: String { "zxid \(zxid) (checksum \(hexChecksum(checksum)))" }
}

extension SegmentHeader.Defect: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooShort(let size): "the file has \(size) bytes"
        case .badMagic(let magic): "it begins with 0x\(String(magic, radix: 16))"
        case .checksum(let stored, let computed):
            "stored \(hexChecksum(stored)), computed \(hexChecksum(computed))"
        case .unknownVersion(let version):
            "format version \(version), and this program reads \(TxnLogFormat.version)"
        case .badBlockSize(let size): "header block of \(size) bytes"
        }
    }
}
