import Storage
import Testing
import TxnLog
import ZKWire

@Suite struct RoundTripTests {
    @Test("What was appended is read back after a restart, in order", arguments: [false, true])
    func roundTrip(isCompressed: Bool) throws {
        let fixture = Fixture(isCompressed: isCompressed)
        let disk = try fixture.written([txns(1...3), txns(4...4), txns(5...200)])
        let (report, found) = try fixture.recover(disk)
        #expect(found == txns(1...200))
        #expect(report.verdict == .clean && report.rewrittenBytes == 0)
        #expect(report.last.zxid == zxid(200))
    }

    @Test("A new log is empty and stands on its base")
    func empty() throws {
        let (log, report) = try Fixture().open(SimulatedDisk())
        #expect(report == RecoveryReport())
        #expect(log.lastZxid == .zero && log.firstZxid == nil && log.sizeBytes == 0)
        #expect(try readAll(log) == [])
    }

    @Test("Several batches are one write and one sync, and each has its point of the chain")
    func groupCommit() throws {
        let fixture = Fixture()
        let disk = SimulatedDisk()
        let log = try fixture.open(disk).log
        _ = try log.append([batch(txns(1...1))])
        let before = disk.operationCount
        let result = try log.append([batch(txns(2...4)), batch(txns(5...5)), batch(txns(6...7))])
        #expect(disk.operationCount - before == 3, "write, sync, write of the watermark")
        #expect(result.points.map(\.zxid) == [zxid(4), zxid(5), zxid(7)])
        #expect(result.durableZxid == zxid(7) && log.durableZxid == zxid(7))
        #expect(log.chainChecksum == result.points[2].checksum)
        #expect(!result.isNewSegment)
    }

    @Test("Segments roll by size, and the history runs through them", arguments: [false, true])
    func rollBySize(isCompressed: Bool) throws {
        let fixture = Fixture(segmentSizeBytes: 8192, isCompressed: isCompressed)
        let disk = try fixture.written((0..<100).map { txns(($0 * 5 + 1)...($0 * 5 + 5)) })
        #expect(try disk.logFiles().count > (isCompressed ? 3 : 8))
        #expect(try fixture.recover(disk).txns == txns(1...500))
    }

    @Test("A roll on demand happens at the next append, and not twice")
    func rollOnDemand() throws {
        let fixture = Fixture()
        let disk = SimulatedDisk()
        let log = try fixture.open(disk).log
        log.roll()
        #expect(try log.append([batch(txns(1...2))]).isNewSegment)
        log.roll()
        log.roll()
        #expect(try log.append([batch(txns(3...4))]).isNewSegment)
        #expect(try !log.append([batch(txns(5...6))]).isNewSegment)
        #expect(try disk.logFiles() == [firstSegment, "0000000100000003.log"])
        #expect(log.segmentCount == 2 && log.firstZxid == zxid(1))
    }

    @Test("A batch larger than a segment gets a segment that is large enough")
    func oversized() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let large = TestTxn(zxid(2), payload: Array(repeating: 5, count: 100_000))
        let disk = try fixture.written([txns(1...1), [large], txns(3...3)])
        #expect(try fixture.recover(disk).txns == txns(1...1) + [large] + txns(3...3))
    }

    @Test("An empty payload and one of a single byte keep their lengths")
    func tinyPayloads() throws {
        let tiny = [TestTxn(zxid(1), payload: []), TestTxn(zxid(2), payload: [7])]
        let disk = try Fixture().written([tiny])
        #expect(try Fixture().recover(disk).txns == tiny)
    }

    @Test("Zxids may jump, as they do from one epoch to the next")
    func epochs() throws {
        let history = [TestTxn(1), TestTxn(2), TestTxn(1, epoch: 3), TestTxn(2, epoch: 3)]
        let disk = try Fixture().written([history])
        #expect(try Fixture().recover(disk).txns == history)
    }

    @Test("Replay begins behind any zxid", arguments: [false, true])
    func replayAfter(isCompressed: Bool) throws {
        let fixture = Fixture(segmentSizeBytes: 8192, isCompressed: isCompressed)
        let disk = try fixture.written((0..<30).map { txns(($0 * 5 + 1)...($0 * 5 + 5)) })
        let log = try fixture.open(disk).log
        for start in 0...149 {
            #expect(try readAll(log, after: zxid(start)) == txns((start + 1)...150))
        }
        #expect(try readAll(log, after: zxid(150)) == [])
        #expect(try readAll(log, after: zxid(7, epoch: 9)) == [])
    }

    @Test("A reader on another thread stops at the zxid it was given", arguments: [false, true])
    func reader(isCompressed: Bool) throws {
        let fixture = Fixture(segmentSizeBytes: 8192, isCompressed: isCompressed)
        let disk = try fixture.written((0..<30).map { txns(($0 * 5 + 1)...($0 * 5 + 5)) })
        let log = try fixture.open(disk).log
        for end in 1...150 {
            var found: [TestTxn] = []
            try log.reader.replay(after: .zero, upTo: zxid(end)) { zxid, payload in
                found.append(TestTxn(zxid, payload: Array(payload)))
            }
            #expect(found == txns(1...end))
        }
    }

    @Test("What the consumer throws ends the replay and comes out")
    func consumerThrows() throws {
        struct Stop: Error {}
        let log = try Fixture().open(try Fixture().written([txns(1...9)])).log
        var count = 0
        #expect(throws: Stop.self) {
            try log.replay(after: .zero) { _, _ in
                count += 1
                if count == 4 { throw Stop() }
            }
        }
        #expect(count == 4)
    }

    @Test("Appending continues after a restart, in the same segment")
    func continuing() throws {
        let fixture = Fixture()
        let disk = try fixture.written([txns(1...3)])
        let log = try fixture.open(disk).log
        #expect(try !log.append([batch(txns(4...6))]).isNewSegment)
        try log.close()
        #expect(try fixture.recover(disk).txns == txns(1...6))
        #expect(try disk.logFiles() == [firstSegment])
    }

    @Test("The log works on a real disk, through rolls, recycling and a restart")
    func realDisk() throws {
        try withTemporaryDirectory { root in
            let fixture = Fixture(segmentSizeBytes: 16 << 10)
            let log = try fixture.open(PosixDisk(), in: root + "/log").log
            let preparer = log.segmentPreparer
            for number in 0..<60 {
                let first = number * 10 + 1
                let result = try log.append([batch(txns(first...(first + 9)))])
                if number == 40 { #expect(try log.purge(before: zxid(350)) > 1) }
                if result.isNewSegment { try preparer.prepare() }
            }
            try log.truncate(to: zxid(593))
            _ = try log.append([batch(txns(594...600, variant: 1))])
            let start = log.startsAfter
            try log.close()
            let (again, report) = try fixture.open(PosixDisk(), in: root + "/log")
            #expect(report.verdict == .clean && start < zxid(350) && start > .zero)
            let expected = txns(1...593) + txns(594...600, variant: 1)
            #expect(try readAll(again) == expected.filter { $0.zxid > start })
        }
    }
}
