import Storage
import Testing
import TxnLog
import ZKWire

/// The bytes on the disk, checked without the code that wrote them.
@Suite struct FormatTests {
    /// A segment's file, and how its records are sealed, as the specification says.
    struct File {
        var bytes: [UInt8]

        func integer(_ offset: Int, _ count: Int) -> UInt64 {
            bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }

        mutating func set(_ value: UInt64, _ offset: Int, _ count: Int) {
            for index in 0..<count {
                bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
            }
        }

        func checksum(_ range: Range<Int>, prefix: [UInt8] = []) -> UInt64 {
            UInt64((prefix + bytes[range]).withByteView { Checksum.crc32($0) })
        }

        func recordChecksum(_ offset: Int) -> UInt64 {
            let place = (0..<8).map { UInt8(truncatingIfNeeded: offset >> (8 * $0)) }
            return checksum(offset..<(offset + 36), prefix: Array(bytes[56..<64]) + place)
        }

        /// Makes the checksums of a record right again after a change.
        mutating func seal(_ offset: Int) {
            let padded = (Int(integer(offset + 4, 4)) + 7) & ~7
            set(checksum((offset + 40)..<(offset + 40 + padded)), offset + 32, 4)
            set(recordChecksum(offset), offset + 36, 4)
        }
    }

    private let fixture = Fixture(segmentSizeBytes: 8192)

    private func file(_ disk: SimulatedDisk, _ name: String = firstSegment) throws -> File {
        File(bytes: try #require(disk.content(of: path(name))))
    }

    @Test("A segment header's fields are where the specification has them")
    func header() throws {
        let disk = try fixture.written([txns(1...4), nil, txns(5...5)])
        let first = try file(disk)
        let second = try file(disk, "0000000100000005.log")
        #expect(String(decoding: second.bytes[0..<8], as: UTF8.self) == "ZKNODLOG")
        #expect(second.integer(8, 4) == 1 && second.integer(12, 4) == 4096)
        #expect(second.integer(16, 8) == Fixture.ensembleID && second.integer(24, 4) == 0)
        #expect(second.integer(32, 8) == 0x1_0000_0005 && second.integer(40, 8) == 0x1_0000_0004)
        #expect(second.integer(56, 8) != first.integer(56, 8))
        #expect(second.integer(4092, 4) == second.checksum(0..<4092))
        #expect(first.integer(40, 8) == 0 && first.integer(48, 4) == 0)
    }

    @Test("A record's fields and checksums are what the specification says")
    func records() throws {
        let disk = try fixture.written([txns(1...1), txns(2...3)])
        let file = try file(disk)
        var offset = 4096
        var previous = (zxid: UInt64(0), checksum: UInt64(0))
        for (number, txn) in txns(1...3).enumerated() {
            let length = Int(file.integer(offset + 4, 4))
            let body = (offset + 40)..<(offset + 40 + length)
            let padded = (offset + 40)..<(offset + 40 + (length + 7) & ~7)
            #expect(String(decoding: file.bytes[offset..<(offset + 4)], as: UTF8.self) == "ZKTP")
            #expect(Array(file.bytes[body]) == txn.payload)
            #expect(file.bytes[body.upperBound..<padded.upperBound].allSatisfy { $0 == 0 })
            #expect(file.integer(offset + 8, 8) == UInt64(txn.zxid.rawValue))
            #expect(file.integer(offset + 16, 8) == previous.zxid)
            #expect(file.integer(offset + 24, 4) == previous.checksum)
            let write = number == 0 ? 4096 : 4096 + TxnLogFormat.recordBytes(30 + 37)
            #expect(file.integer(offset + 28, 4) == UInt64(write))
            #expect(file.integer(offset + 32, 4) == file.checksum(padded))
            #expect(file.integer(offset + 36, 4) == file.recordChecksum(offset))
            previous = (file.integer(offset + 8, 8), file.integer(offset + 36, 4))
            offset = padded.upperBound
        }
        #expect(file.integer(offset, 8) == 0, "the end")
    }

    @Test("The watermark names the segment, its end and the last record")
    func watermark() throws {
        let disk = try fixture.written([txns(1...1), txns(2...3)])
        let log = try file(disk)
        let mark = File(bytes: try #require(disk.content(of: path("watermark"))))
        let slots = [0, 4096].filter { mark.integer($0, 4) != 0 }
        let slot = try #require(slots.max { mark.integer($0 + 8, 8) < mark.integer($1 + 8, 8) })
        #expect(String(decoding: mark.bytes[slot..<(slot + 4)], as: UTF8.self) == "ZKWM")
        #expect(mark.integer(slot + 4, 4) == 1)
        #expect(mark.integer(slot + 24, 8) == 0x1_0000_0001)
        let end = try disk.recordsEnd(of: firstSegment)
        #expect(mark.integer(slot + 32, 8) == UInt64(end))
        #expect(mark.integer(slot + 40, 8) == 0x1_0000_0003)
        let last = end - TxnLogFormat.recordBytes(TestTxn(3).payload.count)
        #expect(mark.integer(slot + 48, 4) == log.integer(last + 36, 4))
        #expect(mark.integer(slot + 60, 4) == mark.checksum(slot..<(slot + 60)))
    }

    @Test("A later format version is refused by name, not as damage")
    func laterVersion() throws {
        let disk = try fixture.written([txns(1...1)])
        var file = try file(disk)
        file.set(2, 8, 4)
        file.set(file.checksum(0..<4092), 4092, 4)
        disk.place(file.bytes, at: path(firstSegment))
        let error = try fixture.refusal(disk)
        #expect(error == .newerVersion(file: firstSegment, version: 2))
    }

    @Test("A length beyond the limit or the file is refused before anything is allocated by it")
    func lengths() throws {
        let disk = try fixture.written([txns(1...2), txns(3...3)])
        for length: UInt64 in [0xffff_ffff, 1 << 31, 8192, 4096 - 40 + 1] {
            var file = try file(disk)
            file.set(length, 4096 + 4, 4)
            file.set(file.recordChecksum(4096), 4096 + 36, 4)
            let state = disk.afterKill()
            state.place(file.bytes, at: path(firstSegment))
            guard case .corrupt(let fault) = try fixture.refusal(state) else {
                return #expect(Bool(false))
            }
            #expect(fault.reason == .recordLength(Int(length), limit: 8192 - 4096 - 40))
            #expect(fault.zxid == zxid(1))
        }
    }

    @Test("A record that does not continue its predecessor is refused")
    func brokenChain() throws {
        let disk = try fixture.written([txns(1...1), txns(2...3)])
        var file = try file(disk)
        let second = 4096 + TxnLogFormat.recordBytes(TestTxn(1).payload.count)
        file.bytes[second + 24] ^= 1
        file.seal(second)
        disk.place(file.bytes, at: path(firstSegment))
        guard case .corrupt(let fault) = try fixture.refusal(disk) else {
            return #expect(Bool(false))
        }
        guard case .brokenChain = fault.reason else { return #expect(Bool(false)) }
        #expect(fault.offset == second && fault.lastGoodZxid == zxid(1) && fault.zxid == zxid(2))
    }

    @Test("S-35: a compressed record with valid checksums and false sizes is refused")
    func falseSizes() throws {
        let compressed = Fixture(segmentSizeBytes: 8192, isCompressed: true)
        let disk = try compressed.written([txns(1...20)])
        let changes: [(inout File) -> Void] = [
            { $0.set(UInt64(UInt32.max), 4136, 4) },
            { $0.set($0.integer(4136, 4) + 1, 4136, 4) },
            { $0.set($0.integer(4136, 4) - 1, 4136, 4) },
            { $0.set(0, 4136, 4) },
            { $0.set(21, 4140, 4) },
            { $0.set(UInt64(UInt32.max), 4140, 4) },
            { $0.bytes[4150] ^= 0xff },
            { $0.set(5, 4100, 4) },
        ]
        for (number, change) in changes.enumerated() {
            var file = try file(disk)
            #expect(String(decoding: file.bytes[4096..<4100], as: UTF8.self) == "ZKTC")
            change(&file)
            file.seal(4096)
            // The link changes with the checksum; let the watermark not be the one to object.
            let state = disk.afterKill()
            state.place(file.bytes, at: path(firstSegment))
            try state.remove(path("watermark"))
            guard case .corrupt(let fault) = try compressed.refusal(state) else {
                Issue.record("change \(number)")
                continue
            }
            if number < 7 {
                guard case .compressedBody = fault.reason else {
                    Issue.record("change \(number): \(fault)")
                    continue
                }
            }
        }
    }

    @Test("What lz4 does not make smaller is written plain")
    func incompressible() throws {
        let compressed = Fixture(segmentSizeBytes: 8192, isCompressed: true)
        var state: UInt32 = 1
        let noise = (0..<200).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
        let txn = TestTxn(zxid(1), payload: noise)
        let disk = try compressed.written([[txn]])
        #expect(try file(disk).bytes[4096..<4100] == Array("ZKTP".utf8)[...])
        #expect(try compressed.recover(disk).txns == [txn])
    }
}
