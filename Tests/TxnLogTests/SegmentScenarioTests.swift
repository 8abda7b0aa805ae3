import Storage
import Testing
import TxnLog
import ZKWire

/// Segments that are missing, doubled, foreign or older than the base.
@Suite struct SegmentScenarioTests {
    private let fixture = Fixture(segmentSizeBytes: 8192)
    private let writes: [[TestTxn]?] = [txns(1...4), nil, txns(5...8), nil, txns(9...12)]
    private let second = "0000000100000005.log"
    private let third = "0000000100000009.log"

    @Test("S-15: a missing middle segment is refused, and the message names the gap")
    func missingMiddle() throws {
        let disk = try fixture.written(writes)
        try disk.remove(path(second))
        #expect(
            try fixture.refusal(disk)
                == .corrupt(
                    LogFault(
                        file: firstSegment, offset: try disk.recordsEnd(of: firstSegment),
                        lastGoodZxid: zxid(4),
                        reason: .missingRecords(after: zxid(4), next: zxid(8)))))
    }

    @Test("S-15: a missing oldest segment is refused when it is needed")
    func missingOldest() throws {
        let disk = try fixture.written(writes)
        try disk.remove(path(firstSegment))
        let log = try fixture.open(disk).log
        #expect(log.startsAfter == zxid(4))
        #expect(try readAll(log, after: zxid(4)) == txns(5...12))
        #expect(throws: TxnLogError.startsLater(wanted: zxid(3), first: zxid(4))) {
            try readAll(log, after: zxid(3))
        }
    }

    @Test("S-16: a missing newest segment is noticed by the watermark")
    func missingNewest() throws {
        let disk = try fixture.written(writes)
        try disk.remove(path(third))
        #expect(
            try fixture.refusal(disk)
                == .corrupt(
                    LogFault(
                        file: third, offset: 0, lastGoodZxid: zxid(8),
                        reason: .lostTail(durable: zxid(12)))))
    }

    @Test("S-16: so is the loss of all of them")
    func missingAll() throws {
        let disk = try fixture.written(writes)
        for name in try disk.logFiles() { try disk.remove(path(name)) }
        guard case .corrupt(let fault) = try fixture.refusal(disk) else { return }
        #expect(fault.reason == .lostTail(durable: zxid(12)))
    }

    @Test("S-17: a segment that goes on where the next one has begun is refused")
    func overlap() throws {
        let disk = try fixture.written([txns(1...4), txns(5...8), nil, txns(9...12)])
        // From another life of the same log, in which a roll came earlier.
        let other = try fixture.written([txns(1...4), nil, txns(5...7, variant: 3)])
        disk.place(try #require(other.content(of: path(second))), at: path(second))
        guard case .corrupt(let fault) = try fixture.refusal(disk) else {
            return #expect(Bool(false))
        }
        #expect(fault.file == firstSegment && fault.reason == .overlap(with: second))
    }

    @Test("S-17: a copy of a segment under another name is ignored if it is identical")
    func identicalCopy() throws {
        let disk = try fixture.written(writes)
        let content = try #require(disk.content(of: path(second)))
        let name = "0000000100000007.log"
        disk.place(content, at: path(name))
        let (report, found) = try fixture.recover(disk)
        #expect(report.ignoredCopies == [name] && found == txns(1...12))
    }

    @Test("S-17: a copy that differs is refused")
    func differingCopy() throws {
        let disk = try fixture.written(writes)
        var content = try #require(disk.content(of: path(second)))
        content[5000] ^= 1
        let name = "0000000100000007.log"
        disk.place(content, at: path(name))
        guard case .corrupt(let fault) = try fixture.refusal(disk) else { return }
        #expect(fault.file == name && fault.reason == .misnamed(firstZxid: zxid(5)))
    }

    @Test("A segment of another ensemble is refused")
    func foreign() throws {
        let disk = try fixture.written(writes)
        var other = fixture
        other.configuration.ensembleID = 77
        guard case .corrupt(let fault) = try other.refusal(disk) else { return }
        #expect(fault.reason == .foreignEnsemble(found: Fixture.ensembleID, expected: 77))
    }

    @Test("Segments of another ensemble are not taken for remnants of an earlier base")
    func foreignRemnants() throws {
        let disk = try fixture.written(writes)
        var other = fixture
        other.configuration.ensembleID = 77
        other.base = LogBase(generation: 1, point: ChainPoint(zxid: zxid(50), checksum: 7))
        guard case .corrupt(let fault) = try other.refusal(disk) else { return }
        #expect(fault.reason == .foreignEnsemble(found: Fixture.ensembleID, expected: 77))
        #expect(try disk.logFiles().count == 3)
    }

    @Test("A segment with the same name from another history does not continue this one")
    func exchanged() throws {
        let disk = try fixture.written(writes)
        var other = fixture
        other.configuration.saltSeed = 5
        let foreign = try other.written(writes)
        disk.place(try #require(foreign.content(of: path(second))), at: path(second))
        guard case .otherHistory = try fixture.refusal(disk) else { return #expect(Bool(false)) }
    }

    @Test("The watermark's record must be in the log with its checksum")
    func exchangedNewest() throws {
        let disk = try fixture.written([txns(1...4)])
        let foreign = try fixture.written([txns(1...4, variant: 1)])
        disk.place(try #require(foreign.content(of: path(firstSegment))), at: path(firstSegment))
        guard case .otherHistory = try fixture.refusal(disk) else { return #expect(Bool(false)) }
    }

    // MARK: bases

    @Test("A log begins where the base says, and only there")
    func base() throws {
        var based = fixture
        based.base = LogBase(
            generation: 1, point: ChainPoint(zxid: zxid(100), checksum: 0xabcd))
        let disk = try based.written([txns(101...103)])
        #expect(try based.recover(disk.afterKill()).txns == txns(101...103))
        var other = based
        other.base.point.checksum = 1
        guard case .otherHistory = try other.refusal(disk.afterKill()) else {
            return #expect(Bool(false))
        }
        guard case .corrupt(let fault) = try fixture.refusal(disk.afterKill()) else {
            return #expect(Bool(false))
        }
        #expect(fault.reason == .futureGeneration(found: 1, expected: 0))
    }

    @Test("A reset gives up the history for a new base, whenever the power fails on the way")
    func reset() throws {
        let before = try fixture.written(writes)
        let newBase = LogBase(generation: 1, point: ChainPoint(zxid: zxid(50), checksum: 7))
        var after = fixture
        after.base = newBase
        var number = 0
        var isCut = true
        while isCut {
            number += 1
            let disk = before.afterKill()
            let log = try fixture.open(disk).log
            disk.cutPower(at: number)
            isCut = (try? log.reset(to: newBase)) == nil
            // `meta` names the new base already.
            for state in disk.crashStates(limit: 30) {
                let again = try after.open(state).log
                #expect(again.lastZxid == zxid(50) && again.firstZxid == nil)
                _ = try again.append([batch(txns(51...52))])
                #expect(try after.recover(state.afterKill()).txns == txns(51...52))
            }
        }
        #expect(number > 6)
    }

    @Test("Remnants of an earlier generation are reported")
    func remnants() throws {
        let disk = try fixture.written(writes)
        var after = fixture
        after.base = LogBase(generation: 3, point: ChainPoint(zxid: zxid(6), checksum: 7))
        let (report, found) = try after.recover(disk)
        #expect(report.removedRemnants == [firstSegment, second, third] && found == [])
        #expect(try disk.logFiles() == [])
    }

    @Test("A snapshot's point is looked for in the history")
    func throughPoint() throws {
        let disk = SimulatedDisk()
        let log = try fixture.open(disk).log
        let points = try (0..<5).map {
            try log.append([batch(txns(($0 * 4 + 1)...($0 * 4 + 4)))]).points[0]
        }
        for point in points {
            for start in [zxid(2), zxid(9), zxid(18)] {
                try log.replay(after: start, through: point) { _, _ in }
            }
            let wrong = ChainPoint(zxid: point.zxid, checksum: point.checksum ^ 1)
            #expect(throws: TxnLogError.otherHistory(expected: wrong, found: point)) {
                try log.replay(after: zxid(9), through: wrong) { _, _ in }
            }
        }
        let unknown = ChainPoint(zxid: zxid(99), checksum: 1)
        #expect(throws: TxnLogError.noRecord(zxid(99))) {
            try log.replay(after: zxid(9), through: unknown) { _, _ in }
        }
    }
}
