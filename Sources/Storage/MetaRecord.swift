// What a server must never forget, beside its log. Specification: docs/formats/meta.md.
// The integers are raw because this module lies below the one that names them.

/// One copy's content.
package struct MetaRecord: Equatable, Sendable {
    /// Made up when the ensemble's first server starts; data of another ensemble is refused.
    package var ensembleID: UInt64
    /// `myid`, so that exchanged data directories are noticed.
    package var serverID: Int64
    /// The highest epoch that this server has promised to follow (Zab, phase 1).
    package var acceptedEpoch: UInt32
    /// The epoch of the last leader whose history this server has made its own (Zab, phase 2).
    package var currentEpoch: UInt32
    /// What the log stands on: how many snapshots were installed, and the last one's zxid and chain
    /// checksum.
    package var baseGeneration: UInt32
    package var baseZxid: Int64
    package var baseChecksum: UInt32
    /// A leader's snapshot is being installed: what is here is not a history of its own until the
    /// server has been synchronized, and the server does not vote with it.
    package var isRecovering: Bool
    /// How far a repair has got in putting other files in the place of the log and the snapshots.
    package var exchange: MetaExchange

    package init(
        ensembleID: UInt64, serverID: Int64, acceptedEpoch: UInt32 = 0, currentEpoch: UInt32 = 0,
        baseGeneration: UInt32 = 0, baseZxid: Int64 = 0, baseChecksum: UInt32 = 0,
        isRecovering: Bool = false, exchange: MetaExchange = .none
    ) {
        self.ensembleID = ensembleID
        self.serverID = serverID
        self.acceptedEpoch = acceptedEpoch
        self.currentEpoch = currentEpoch
        self.baseGeneration = baseGeneration
        self.baseZxid = baseZxid
        self.baseChecksum = baseChecksum
        self.isRecovering = isRecovering
        self.exchange = exchange
    }
}

/// A repair exchanges the files of the log and the snapshots in two steps; whichever is under way, a
/// start goes on with it before it looks at them (docs/formats/meta.md).
package enum MetaExchange: UInt32, Sendable {
    case none = 0
    /// What was there goes aside.
    case settingAside = 1
    /// What was rebuilt takes its place.
    case movingIn = 2
}

enum MetaFormat {
    /// Of the flags.
    static let recoveringFlag: UInt32 = 1
    static let exchangeShift: UInt32 = 1
    static let exchangeMask: UInt32 = 3
    static let version: UInt32 = 1
    /// While files are being exchanged, so that a program that knows nothing of that refuses.
    static let exchangingVersion: UInt32 = 2
    static let sizeBytes = 512
    static let checksumOffset = sizeBytes - 4
    /// "ZKNODMET", read as a little-endian integer.
    static let magic: UInt64 = 0x5445_4d44_4f4e_4b5a
}

extension MetaRecord {
    func encode(sequence: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: MetaFormat.sizeBytes)
        bytes.withUnsafeMutableBytes { buffer in
            guard let start = buffer.baseAddress else { return }
            start.storeLittleEndian(MetaFormat.magic, at: 0)
            start.storeLittleEndian(
                exchange == .none ? MetaFormat.version : MetaFormat.exchangingVersion, at: 8)
            start.storeLittleEndian(UInt32(MetaFormat.sizeBytes), at: 12)
            start.storeLittleEndian(sequence, at: 16)
            start.storeLittleEndian(ensembleID, at: 24)
            start.storeLittleEndian(serverID, at: 32)
            start.storeLittleEndian(acceptedEpoch, at: 40)
            start.storeLittleEndian(currentEpoch, at: 44)
            start.storeLittleEndian(baseZxid, at: 48)
            start.storeLittleEndian(baseChecksum, at: 56)
            start.storeLittleEndian(baseGeneration, at: 60)
            start.storeLittleEndian(flags, at: 64)
            let checksum = Checksum.crc32(
                UnsafeRawBufferPointer(start: start, count: MetaFormat.checksumOffset))
            start.storeLittleEndian(checksum, at: MetaFormat.checksumOffset)
        }
        return bytes
    }

    static func decode(_ bytes: [UInt8]) -> MetaCopy {
        guard bytes.count == MetaFormat.sizeBytes else {
            return .damaged("\(bytes.count) bytes, not \(MetaFormat.sizeBytes)")
        }
        return bytes.withUnsafeBytes { buffer in
            let stored = buffer.loadLittleEndian(at: MetaFormat.checksumOffset, as: UInt32.self)
            let computed = Checksum.crc32(
                UnsafeRawBufferPointer(rebasing: buffer[0..<MetaFormat.checksumOffset]))
            guard stored == computed else {
                return .damaged(
                    "stored \(hexChecksum(stored)), computed \(hexChecksum(computed))")
            }
            guard buffer.loadLittleEndian(at: 0, as: UInt64.self) == MetaFormat.magic else {
                return .damaged("not a meta file")
            }
            let version = buffer.loadLittleEndian(at: 8, as: UInt32.self)
            guard version <= MetaFormat.exchangingVersion else { return .newer(version: version) }
            guard let record = MetaRecord(fields: buffer) else { return .newer(version: version) }
            return .valid(record, sequence: buffer.loadLittleEndian(at: 16, as: UInt64.self))
        }
    }

    private var flags: UInt32 {
        (isRecovering ? MetaFormat.recoveringFlag : 0)
            | exchange.rawValue << MetaFormat.exchangeShift
    }

    /// nil if the flags say what this program does not know.
    private init?(fields buffer: UnsafeRawBufferPointer) {
        let flags = buffer.loadLittleEndian(at: 64, as: UInt32.self)
        guard
            let exchange = MetaExchange(
                rawValue: flags >> MetaFormat.exchangeShift & MetaFormat.exchangeMask)
        else { return nil }
        self.init(
            ensembleID: buffer.loadLittleEndian(at: 24, as: UInt64.self),
            serverID: buffer.loadLittleEndian(at: 32, as: Int64.self),
            acceptedEpoch: buffer.loadLittleEndian(at: 40, as: UInt32.self),
            currentEpoch: buffer.loadLittleEndian(at: 44, as: UInt32.self),
            baseGeneration: buffer.loadLittleEndian(at: 60, as: UInt32.self),
            baseZxid: buffer.loadLittleEndian(at: 48, as: Int64.self),
            baseChecksum: buffer.loadLittleEndian(at: 56, as: UInt32.self),
            isRecovering: flags & MetaFormat.recoveringFlag != 0, exchange: exchange)
    }
}
