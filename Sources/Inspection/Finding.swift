import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

/// Something that is not as it ought to be: how bad, where, what, and what to do.
struct Finding: Equatable {
    enum Severity: Comparable {
        /// Worth knowing, and harmless.
        case note
        /// Cut short by a crash before it was acknowledged; the next start puts it right.
        case torn
        case damage
    }

    var severity: Severity
    let path: String
    let offset: Int64?
    let zxid: Zxid?
    let text: String
    let advice: String

    var status: InspectionStatus {
        switch severity {
        case .note: .clean
        case .torn: .torn
        case .damage: .damaged
        }
    }

    var word: String {
        switch severity {
        case .note: "note"
        case .torn: "torn"
        case .damage: "damaged"
        }
    }

    func print(to output: Output) {
        if output.isJSON { return output.line(json) }
        let tint: Output.Tint =
            severity == .damage ? .bad : severity == .torn ? .warning : .faint
        output.line(output.tinted("!! \(word): \(text). \(advice)", tint))
    }

    var json: JSONValue {
        .object([
            "type": "finding", "severity": .string(word), "file": .string(path),
            "offset": offset.map { .integer($0) } ?? .null,
            "zxid": zxid.map { .string("\($0)") } ?? .null, "what": .string(text),
            "advice": .string(advice),
        ])
    }
}

extension Finding {
    static let damagedLog =
        "It may have been acknowledged: docs/operating/recovering.md#corrupt-log"
    static let tornLog = "It was never acknowledged; the next start cuts it off"

    /// A file that was there when its directory was read.
    static func removed(_ path: String) -> Finding {
        Finding(
            severity: .note, path: path, offset: nil, zxid: nil,
            text: "\(path) was purged by the running server while it was read",
            advice: "Nothing is wrong with it")
    }

    /// A directory of ours without a log: as restored and not started yet, or it is elsewhere.
    static func absentLog<D: Disk>(_ disk: D, _ directory: DataDirectory) -> Finding? {
        guard !disk.exists(directory.log) else { return nil }
        return Finding(
            severity: .note, path: directory.log, offset: nil, zxid: nil,
            text: "there is no \(directory.log)",
            advice: "If the server has a dataLogDir, give it as --log-dir")
    }

    /// - Parameter path: the file's whole path, for the message.
    init(_ severity: Severity, _ fault: LogFault, at path: String) {
        var named = fault
        named.file = path
        self.init(
            severity: severity, path: path, offset: Int64(fault.offset), zxid: fault.zxid,
            text: "\(named)", advice: severity == .damage ? Self.damagedLog : Self.tornLog)
    }

    init(_ fault: SnapshotFault, in path: String) {
        self.init(
            severity: .damage, path: path, offset: fault.offset, zxid: nil,
            text: "\(path): \(fault)",
            advice: "A start does not use it: docs/operating/recovering.md#corrupt-snapshot")
    }
}
