// One transaction log file of Apache's (`FileTxnLog`), read from its start:
//
//     file    = header record* zeros
//     header  = int "ZKLG", int version 2, long database id
//     record  = long Adler-32 of the payload, int length, payload, byte 'B'
//
// Big-endian. The payload is the same as in our log: jute TxnHeader, txn, perhaps a TxnDigest.
//
// Files are extended with zeros in advance, so that the end is a record of zeros. Where the last
// record was cut by a crash, zeros or nothing follow; where bytes were damaged, other records do.
// Differs from ZooKeeper: it takes a zero length or a missing 'B' for the end of the file wherever
// they are, and goes on with the next file.
import Snapshot
import Storage
import ZKWire

/// How a log file ends.
enum ApacheLogEnd: Equatable {
    case clean
    /// An unfinished record at this offset: never acknowledged.
    case torn(offset: Int64)
}

/// What is wrong with a log file of Apache's.
package enum ApacheLogDefect: Equatable, Sendable {
    case header
    case checksum(stored: UInt64, computed: UInt64)
    /// No record where one has to be: others, or other bytes, follow.
    case record
    /// The payload's header or transaction does not decode.
    case payload(String)
    case tooLong(Int)
}

/// A cursor over the records of one file.
struct ApacheLogFile<D: Disk>: ~Copyable {
    private static var magic: Int32 { 0x5A4B_4C47 }
    private static var headerSize: Int { 16 }
    /// Checksum and length before a payload.
    private static var prefixSize: Int { 12 }

    let path: String
    private let file: D.File
    private let size: Int64
    private let window = ByteWriter(capacity: 1 << 20)
    /// Of the first byte of `window`.
    private var windowOffset: Int64 = 0
    var position = 0
    /// Of the record that was returned last.
    private(set) var recordOffset: Int64 = 0
    private(set) var end: ApacheLogEnd?
    private let maximumRecordBytes: Int

    init(_ disk: D, _ path: String, maximumRecordBytes: Int) throws(RecoveryError) {
        self.path = path
        self.maximumRecordBytes = maximumRecordBytes
        let opened: (D.File, Int64)
        do throws(DiskError) {
            let file = try disk.openForReading(path)
            opened = (file, try file.sizeBytes())
        } catch {
            throw .disk(error)
        }
        (file, size) = opened
    }

    deinit { file.close() }

    /// The next record's payload, valid until the next call; nil at the end of the file.
    mutating func next() throws(RecoveryError) -> ByteView? {
        guard end == nil else { return nil }
        if windowOffset == 0, position == 0, try !readHeader() { return nil }
        recordOffset = offset
        guard try fill(Self.prefixSize) else { return try stop(statedEnd: size) }
        let length = Int(Int32(bigEndian: load(at: 8)))
        if length == 0 { return try stop(statedEnd: offset + Int64(Self.prefixSize)) }
        guard length > 0, length <= maximumRecordBytes else {
            throw defect(.tooLong(length))
        }
        let whole = Self.prefixSize + length + 1
        guard try fill(whole) else { return try stop(statedEnd: size) }
        let payloadStart = position + Self.prefixSize
        let mark = window.view[payloadStart + length]
        if mark == 0 { return try stop(statedEnd: offset + Int64(whole)) }
        guard mark == UInt8(ascii: "B") else { throw defect(.record) }
        let payload = window.view[view: payloadStart..<(payloadStart + length)]
        try check(payload, stored: UInt64(bigEndian: load(at: 0)))
        position += whole
        return payload
    }

    func defect(_ defect: ApacheLogDefect) -> RecoveryError {
        .apacheLog(path: path, offset: recordOffset, defect)
    }

    private var offset: Int64 { windowOffset + Int64(position) }

    private func load<T: FixedWidthInteger>(at place: Int) -> T {
        window.view.loadUnaligned(fromByteOffset: position + place, as: T.self)
    }

    /// False if the file was created and no record had been written.
    private mutating func readHeader() throws(RecoveryError) -> Bool {
        guard try fill(Self.headerSize) else {
            _ = try stop(statedEnd: size)
            return false
        }
        guard Int32(bigEndian: load(at: 0)) == Self.magic, Int32(bigEndian: load(at: 4)) == 2 else {
            // Without a record behind it there is nothing that a bad header could cost.
            if try isZero(from: Int64(Self.headerSize)) {
                end = .torn(offset: 0)
                return false
            }
            throw defect(.header)
        }
        position = Self.headerSize
        return true
    }

    private func check(_ payload: ByteView, stored: UInt64) throws(RecoveryError) {
        var checksum = Adler32()
        checksum.update(payload)
        guard stored == UInt64(checksum.value) else {
            throw defect(.checksum(stored: stored, computed: UInt64(checksum.value)))
        }
    }

    /// No whole record begins here. That is the end if nothing but zeros comes after `statedEnd`,
    /// where the record that may have been begun would end, and if there is no record within that
    /// would be whole with another length.
    private mutating func stop(statedEnd: Int64) throws(RecoveryError) -> ByteView? {
        guard try isZero(from: statedEnd), try !hasDamagedLength() else { throw defect(.record) }
        let isClean = try isZero(from: recordOffset)
        end = isClean ? .clean : .torn(offset: recordOffset)
        return nil
    }

    /// Whether the bytes from here on begin with the payload of this record's checksum and a 'B',
    /// or have a whole record further on: then it is the length that is wrong, and not the end.
    private mutating func hasDamagedLength() throws(RecoveryError) -> Bool {
        // A record is no longer than the limit, so that this much is enough to look at.
        let rest = Int(min(size - recordOffset, Int64(maximumRecordBytes)))
        guard position + Self.prefixSize < window.count, try fill(rest) else { return false }
        let bytes = window.view[view: position..<(position + rest)]
        guard let last = bytes.lastIndex(where: { $0 != 0 }) else { return false }
        for start in 0..<max(last - Self.prefixSize, 0) {
            let payload = start + Self.prefixSize
            let stated = Int32(
                bigEndian: bytes.loadUnaligned(fromByteOffset: start + 8, as: Int32.self))
            let end = start == 0 ? last : payload + Int(stated)
            guard end > payload, end <= last, bytes[end] == UInt8(ascii: "B") else { continue }
            var checksum = Adler32()
            checksum.update(bytes[view: payload..<end])
            let stored = UInt64(
                bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            if stored == UInt64(checksum.value) { return true }
        }
        return false
    }

    /// Has at least `count` bytes from `position` on in the window; false if the file ends before.
    private mutating func fill(_ count: Int) throws(RecoveryError) -> Bool {
        if window.count - position >= count { return true }
        window.removeFirst(position)
        windowOffset += Int64(position)
        position = 0
        let from = windowOffset + Int64(window.count)
        let wanted = max(count - window.count, 1 << 18)
        let available = Int(min(Int64(wanted), size - from))
        guard available > 0 else { return window.count >= count }
        let place = window.extend(by: available)
        let room = UnsafeMutableRawBufferPointer(start: place, count: available)
        let read = try onDisk { () throws(DiskError) in try file.read(into: room, at: from) }
        window.truncate(to: window.count - available + read)
        return window.count >= count
    }

    private func isZero(from start: Int64) throws(RecoveryError) -> Bool {
        var from = start
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while from < size {
            let read = try onDisk { () throws(DiskError) in
                try chunk.readAll(of: file, at: from)
            }
            guard read > 0 else { break }
            guard chunk[..<read].allSatisfy({ $0 == 0 }) else { return false }
            from += Int64(read)
        }
        return true
    }

    private func onDisk<T>(_ body: () throws(DiskError) -> T) throws(RecoveryError) -> T {
        do throws(DiskError) {
            return try body()
        } catch {
            throw .disk(error)
        }
    }
}
