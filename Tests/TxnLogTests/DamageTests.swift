import Storage
import Testing
import TxnLog
import ZKWire

/// Byte-poking: whatever happens to a small log's files, a record that was synced is either read
/// back as it was, or the start is refused. It is never silently gone.
@Suite struct DamageTests {
    private let writes: [[TestTxn]?] = [
        txns(1...2), txns(3...3), nil, txns(4...5), txns(6...6), txns(7...8),
    ]
    private let second = "0000000100000004.log"

    /// - Parameter kept: how many of the transactions must be there if the start is not refused.
    private func check(
        _ disk: SimulatedDisk, _ fixture: Fixture, kept: Int, _ what: @autoclosure () -> String
    ) {
        do {
            let found = try fixture.recover(disk).txns
            #expect(
                found.count >= kept && found == Array(txns(1...8).prefix(found.count)),
                "\(what()): \(found)")
        } catch {
            #expect(error is TxnLogError, "\(what()): \(error)")
        }
    }

    private func forEachBit(
        _ disk: SimulatedDisk, bitsPerByte: Int = 8,
        _ body: (SimulatedDisk, _ name: String, _ offset: Int) throws -> Void
    ) throws {
        for name in try disk.logFiles() {
            let end = try disk.recordsEnd(of: name) + 16
            for offset in Array(0..<64) + Array(4092..<end) {
                for bit in 0..<bitsPerByte {
                    let damaged = disk.afterKill()
                    damaged.corrupt(path(name), offset, bits: 1 << ((offset + bit) % 8))
                    try body(damaged, name, offset)
                }
            }
        }
    }

    @Test("S-09: with an exact watermark, no flipped bit loses anything", arguments: [false, true])
    func flips(isCompressed: Bool) throws {
        let fixture = Fixture(segmentSizeBytes: 8192, isCompressed: isCompressed)
        let disk = try fixture.written(writes)
        try forEachBit(disk, bitsPerByte: isCompressed ? 1 : 8) { damaged, name, offset in
            check(damaged, fixture, kept: 8, "\(name) at \(offset)")
        }
    }

    @Test("S-09: every flipped bit of a record is noticed")
    func flipsNoticed() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = try fixture.written(writes)
        for name in try disk.logFiles() {
            for offset in 4096..<(try disk.recordsEnd(of: name)) {
                let damaged = disk.afterKill()
                damaged.corrupt(path(name), offset, bits: 1 << (offset % 8))
                guard case .corrupt(let fault) = try fixture.refusal(damaged) else {
                    Issue.record("not corrupt: \(name) at \(offset)")
                    continue
                }
                #expect(fault.file == name && fault.offset <= offset)
            }
        }
    }

    @Test("S-09: with a watermark from before the last write, only that write may be cut")
    func flipsWithOldWatermark() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let old = try fixture.written(Array(writes.dropLast()))
        let disk = try fixture.written(writes)
        disk.place(try #require(old.content(of: path("watermark"))), at: path("watermark"))
        #expect(try fixture.recover(disk.afterKill()).txns.count == 8)
        try forEachBit(disk, bitsPerByte: 2) { damaged, name, offset in
            check(damaged, fixture, kept: 6, "\(name) at \(offset)")
        }
    }

    @Test("S-09: damage with a later write behind it is damage, however old the watermark is")
    func provenByLaterWrites() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let old = try fixture.written([txns(1...2)])
        let disk = try fixture.written([txns(1...2), txns(3...4), txns(5...6), txns(7...8)])
        disk.place(try #require(old.content(of: path("watermark"))), at: path("watermark"))
        let sizes = txns(1...6).map { TxnLogFormat.recordBytes($0.payload.count) }
        for offset in 4096..<(4096 + sizes.reduce(0, +)) {
            let damaged = disk.afterKill()
            damaged.corrupt(path(firstSegment), offset, bits: 1 << (offset % 8))
            guard case .corrupt = try fixture.refusal(damaged) else {
                Issue.record("at \(offset)")
                continue
            }
        }
    }

    @Test("Without a watermark, nothing is cut at all")
    func flipsWithoutWatermark() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = try fixture.written(writes)
        try disk.remove(path("watermark"))
        let whole = try fixture.recover(disk.afterKill())
        #expect(whole.txns.count == 8 && !whole.report.isWatermarkKnown)
        try forEachBit(disk, bitsPerByte: 1) { damaged, name, offset in
            check(damaged, fixture, kept: 8, "\(name) at \(offset)")
        }
    }

    @Test("A damaged watermark changes nothing about a whole log")
    func watermarkFlips() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = try fixture.written(writes)
        for offset in Array(0..<64) + Array(4096..<4160) {
            let damaged = disk.afterKill()
            damaged.corrupt(path("watermark"), offset, bits: 1 << (offset % 8))
            #expect(try fixture.recover(damaged).txns.count == 8)
        }
    }

    @Test("Cut at any length, a file never hides the loss of a record")
    func truncations() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = try fixture.written(writes)
        for name in try disk.logFiles() {
            let end = try disk.recordsEnd(of: name)
            let whole = try #require(disk.content(of: path(name)))
            for length in Array(stride(from: 0, to: 4096, by: 97)) + Array(4090...end) {
                let damaged = disk.afterKill()
                damaged.place(Array(whole[..<length]), at: path(name))
                check(damaged, fixture, kept: 8, "\(name) of \(length) bytes")
                if length < end { _ = try fixture.refusal(damaged.afterKill()) }
            }
        }
    }

    @Test("A zeroed sector is noticed, wherever it is")
    func zeroedSectors() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = try fixture.written(writes)
        for name in try disk.logFiles() {
            for sector in 0..<16 {
                let damaged = disk.afterKill()
                damaged.zero(path(name), (sector * 512)..<(sector * 512 + 512))
                check(damaged, fixture, kept: 8, "\(name), sector \(sector)")
            }
        }
    }

    @Test("S-13: a record in another place than its own is no record")
    func duplicatedRecord() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = try fixture.written(writes)
        let whole = try #require(disk.content(of: path(second)))
        let end = try disk.recordsEnd(of: second)
        let size = TxnLogFormat.recordBytes(TestTxn(8).payload.count)
        var doubled = whole
        doubled.replaceSubrange(end..<(end + size), with: whole[(end - size)..<end])
        disk.place(doubled, at: path(second))
        let (report, found) = try fixture.recover(disk)
        #expect(found == txns(1...8))
        guard case .tornTail(second, end, _) = report.verdict else {
            Issue.record("\(report)")
            return
        }
    }

    @Test("S-13: a misdirected write damages the place that it hits")
    func misdirectedWrite() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = try fixture.written(writes)
        let sound = try #require(disk.content(of: path(second)))
        var whole = try #require(disk.content(of: path(firstSegment)))
        whole.replaceSubrange(4096..<4608, with: sound[4096..<4608])
        disk.place(whole, at: path(firstSegment))
        guard case .corrupt(let fault) = try fixture.refusal(disk) else { return }
        #expect(fault.file == firstSegment && fault.offset == 4096)
    }
}
