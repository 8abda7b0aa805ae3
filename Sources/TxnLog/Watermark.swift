// How far the log is known to be durable, in a small file beside the segments: written after every
// sync of the log, itself synced only at rolls, cuts, idle moments and the end. So it is never
// ahead of the log, exact after the death of the process, and recent after a power failure.
//
// Two slots, written in turn, so that a write that the power cuts leaves the other. Layout:
// docs/formats/txnlog.md, "The watermark".

import Storage
import ZKWire

package struct Watermark: Equatable, Sendable {
    package var generation: UInt32
    /// The newest segment; named here, durably, before anything in it is acknowledged.
    package var segmentFirstZxid: Zxid
    /// Where in that segment the synced records end.
    package var endOffset: Int
    package var point: ChainPoint

    static func atBase(_ base: LogBase) -> Watermark {
        Watermark(
            generation: base.generation, segmentFirstZxid: .zero, endOffset: 0, point: base.point)
    }
}

/// The watermark's file.
final class WatermarkFile<File: DiskFile> {
    static var slotSpacing: Int { 4096 }
    static var slotBytes: Int { 64 }
    /// "ZKWM"
    private static var magic: UInt32 { 0x4d57_4b5a }
    private static var version: UInt32 { 1 }

    private let file: File
    private var sequence: UInt64
    /// The last one read or written; nil if neither slot was readable.
    private(set) var current: Watermark?
    private var isSynced = true

    init(_ file: File) throws(DiskError) {
        self.file = file
        sequence = 0
        for slot in 0..<2 {
            guard let (found, number) = try Self.read(file, slot: slot), number >= sequence else {
                continue
            }
            current = found
            sequence = number
        }
    }

    /// Not durable until `sync`.
    func write(_ mark: Watermark) throws(DiskError) {
        sequence += 1
        try store(mark, slot: Int(sequence & 1))
        current = mark
        isSynced = false
    }

    func sync() throws(DiskError) {
        guard !isSynced else { return }
        try file.sync()
        isSynced = true
    }

    /// Forgets the slot before too, durably: for a watermark that goes back. If only one slot knew,
    /// damage to it would bring the larger claim back.
    func replace(with mark: Watermark) throws(DiskError) {
        try write(mark)
        try sync()
        try write(mark)
        try sync()
    }

    private func store(_ mark: Watermark, slot: Int) throws(DiskError) {
        let number = sequence
        let result = withUnsafeTemporaryAllocation(byteCount: Self.slotBytes, alignment: 8) {
            bytes -> Result<Void, DiskError> in
            Self.encode(mark, number, into: bytes)
            do throws(DiskError) {
                try file.write(ByteView(bytes), at: Int64(slot * Self.slotSpacing))
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private static func encode(
        _ mark: Watermark, _ sequence: UInt64, into bytes: UnsafeMutableRawBufferPointer
    ) {
        let start = bytes.baseAddress.unsafelyUnwrapped
        start.initializeMemory(as: UInt8.self, repeating: 0, count: slotBytes)
        start.storeLittleEndian(magic, at: 0)
        start.storeLittleEndian(version, at: 4)
        start.storeLittleEndian(sequence, at: 8)
        start.storeLittleEndian(mark.generation, at: 16)
        start.storeLittleEndian(mark.segmentFirstZxid.rawValue, at: 24)
        start.storeLittleEndian(UInt64(mark.endOffset), at: 32)
        start.storeLittleEndian(mark.point.zxid.rawValue, at: 40)
        start.storeLittleEndian(mark.point.checksum, at: 48)
        let checksum = Checksum.crc32(ByteView(start: start, count: slotBytes - 4))
        start.storeLittleEndian(checksum, at: slotBytes - 4)
    }

    private static func read(
        _ file: File, slot: Int
    ) throws(DiskError) -> (Watermark, UInt64)? {
        var bytes = [UInt8](repeating: 0, count: slotBytes)
        let offset = Int64(slot * slotSpacing)
        let result = bytes.withUnsafeMutableBytes { buffer -> Result<Int, DiskError> in
            do throws(DiskError) {
                return .success(try file.read(into: buffer, at: offset))
            } catch {
                return .failure(error)
            }
        }
        guard try result.get() == slotBytes else { return nil }
        return bytes.withByteView { decode($0) }
    }

    static func decode(_ bytes: ByteView) -> (Watermark, UInt64)? {
        let checksum = Checksum.crc32(bytes[view: 0..<(slotBytes - 4)])
        guard bytes.loadLittleEndian(at: 0, as: UInt32.self) == magic,
            bytes.loadLittleEndian(at: 4, as: UInt32.self) == version,
            bytes.loadLittleEndian(at: slotBytes - 4, as: UInt32.self) == checksum
        else { return nil }
        let mark = Watermark(
            generation: bytes.loadLittleEndian(at: 16, as: UInt32.self),
            segmentFirstZxid: Zxid(rawValue: bytes.loadLittleEndian(at: 24, as: Int64.self)),
            endOffset: Int(truncatingIfNeeded: bytes.loadLittleEndian(at: 32, as: UInt64.self)),
            point: ChainPoint(
                zxid: Zxid(rawValue: bytes.loadLittleEndian(at: 40, as: Int64.self)),
                checksum: bytes.loadLittleEndian(at: 48, as: UInt32.self)))
        return (mark, bytes.loadLittleEndian(at: 8, as: UInt64.self))
    }
}
