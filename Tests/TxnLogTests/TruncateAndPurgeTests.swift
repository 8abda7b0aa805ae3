import Storage
import Testing
import TxnLog
import ZKWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct TruncateAndPurgeTests {
    private let writes: [[TestTxn]?] = [
        txns(1...4), txns(5...6), nil, txns(7...12), nil, txns(13...16),
    ]

    @Test(
        "A log can be cut at any of its records, and goes on from there",
        arguments: [false, true])
    func truncate(isCompressed: Bool) throws {
        let fixture = Fixture(segmentSizeBytes: 8192, isCompressed: isCompressed)
        let disk = try fixture.written(writes)
        for cut in 0...16 {
            let state = disk.afterKill()
            let log = try fixture.open(state).log
            try log.truncate(to: zxid(cut, epoch: cut == 0 ? 0 : 1))
            let kept = cut == 0 ? [] : txns(1...cut)
            #expect(try readAll(log) == kept)
            let new = txns((cut + 1)...(cut + 3), variant: 2)
            _ = try log.append([batch(new)])
            for survivor in [state.afterKill(), state.crash(seed: UInt64(cut))] {
                let (report, found) = try fixture.recover(survivor)
                #expect(found == kept + new && report.verdict == .clean)
            }
        }
    }

    @Test("A cut where there is no record is refused and changes nothing")
    func noSuchRecord() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let history = txns(1...4) + txns(7...9)
        let disk = try fixture.written([txns(1...4), txns(7...9)])
        let log = try fixture.open(disk).log
        for missing in [zxid(5), zxid(6), zxid(3, epoch: 0), zxid(1, epoch: 2)] {
            #expect(throws: TxnLogError.noRecord(missing)) { try log.truncate(to: missing) }
        }
        #expect(try readAll(log) == history && !log.isPoisoned)
    }

    @Test("S-25: if a segment cannot be removed, the log stops; a start finds either state")
    func undeletable() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = try fixture.written(writes)
        var failures = 0
        for number in 1...40 {
            let state = disk.afterKill()
            let log = try fixture.open(state).log
            state.failOperation(number, with: EACCES)
            let isDone = (try? log.truncate(to: zxid(5))) != nil
            if !isDone { failures += 1 }
            let found = try fixture.recover(state.afterKill()).txns
            #expect(found == txns(1...found.count) && found.count >= 5)
            #expect(!isDone || found.count == 5)
        }
        #expect(failures > 15)
    }

    @Test("S-25: what a failed cut has left on the medium is not back after the next write")
    func cutNotSynced() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = try fixture.written(writes)
        for number in 1...40 {
            let state = disk.afterKill()
            let log = try fixture.open(state).log
            state.failOperation(number, with: EIO)
            _ = try? log.truncate(to: zxid(5))
            let next = state.afterKill()
            let again = try fixture.open(next).log
            let kept = try readAll(again)
            again.roll()
            let new = txns((kept.count + 1)...(kept.count + 1), variant: 2)
            _ = try again.append([batch(new)])
            for seed in 1...8 {
                #expect(try fixture.recover(next.crash(seed: UInt64(seed))).txns == kept + new)
            }
        }
    }

    @Test("Damage to either slot of the watermark does not bring a claim from before a cut back")
    func watermarkGoesBack() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let before = try fixture.written(writes)
        var number = 0
        var isCut = true
        while isCut {
            number += 1
            let disk = before.afterKill()
            let log = try fixture.open(disk).log
            disk.cutPower(at: number)
            isCut = (try? log.truncate(to: zxid(5))) == nil
            for slot in [0, 4096] {
                let state = disk.crash(seed: UInt64(number))
                state.zero(path("watermark"), slot..<(slot + 64))
                #expect(try fixture.recover(state).txns.prefix(5) == txns(1...5)[...])
            }
        }
        #expect(number > 10)
    }

    @Test("2420, 2574: Purging removes what is wholly below, oldest first, and never the newest")
    func purge() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        for (before, starts) in [(1, 0), (6, 0), (7, 6), (12, 6), (13, 12), (99, 12)] {
            let disk = try fixture.written(writes)
            let log = try fixture.open(disk).log
            let start = starts == 0 ? Zxid.zero : zxid(starts)
            try log.purge(before: zxid(before))
            #expect(log.startsAfter == start)
            #expect(try readAll(log) == txns((starts + 1)...16))
            #expect(try fixture.recover(disk.crash(seed: 1)).txns == txns((starts + 1)...16))
        }
    }

    @Test("Purged segments are used again, two of them at most")
    func recycling() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = SimulatedDisk()
        let log = try fixture.open(disk).log
        for number in 0..<6 {
            log.roll()
            _ = try log.append([batch([TestTxn(number + 1)])])
        }
        #expect(try log.purge(before: zxid(99)) == 5)
        let files = try disk.list(Fixture.directory)
        #expect(files.filter { $0.hasPrefix("spare.") } == ["spare.0", "spare.1"])
        try log.segmentPreparer.prepare()
        #expect(log.segmentPreparer.isReady && !disk.exists(path("spare.0")))
        // One from the prepared file, one from the last spare.
        for number in 7...8 {
            log.roll()
            _ = try log.append([batch([TestTxn(number)])])
        }
        #expect(!log.segmentPreparer.isReady && !disk.exists(path("spare.1")))
        #expect(try fixture.recover(disk.afterKill()).txns == txns(6...8))
    }

    @Test("A prepared file spares the roll its allocation; half-made ones are cleared away")
    func preparing() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = SimulatedDisk()
        let log = try fixture.open(disk).log
        try log.segmentPreparer.prepare()
        try log.segmentPreparer.prepare()
        _ = try log.append([batch(txns(1...1))])
        #expect(!disk.exists(path("next.prepared")) && !disk.exists(path("next.inline")))
        disk.place([1, 2, 3], at: path("next.preparing"))
        disk.place([1, 2, 3], at: path("next.rewrite"))
        try log.close()
        _ = try fixture.recover(disk)
        #expect(!disk.exists(path("next.preparing")) && !disk.exists(path("next.rewrite")))
    }

    @Test("what a purge could not remove goes before what the next one removes: no hole is left")
    func purgeAfterFailure() throws {
        let fixture = Fixture(segmentSizeBytes: 8192)
        let disk = try fixture.written([
            txns(1...4), nil, txns(5...8), nil, txns(9...12), nil, txns(13...16),
        ])
        var failures = 0
        for number in 1...12 {
            let state = disk.afterKill()
            let log = try fixture.open(state).log
            let first = try log.releaseSegments(before: zxid(5))
            #expect(first.count == 1)
            state.failOperation(number, with: EIO)
            if (try? first.run()) == nil { failures += 1 }
            // The next one fails too, or removes everything that is due.
            _ = try? log.releaseSegments(before: zxid(13)).run()
            let found = try fixture.recover(state.afterKill()).txns
            #expect(found == Array(txns(1...16).suffix(found.count)), "operation \(number)")
            #expect(found.count == 4 || number > 1)
        }
        #expect(failures > 0)
    }
}
