import Storage
import Testing
import TxnLog
import ZKWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The rows of the storage fault matrix that concern the log of one server while it writes, by their
/// ids; docs/testing.md says where the others are.
@Suite struct StorageScenarioTests {
    private let fixture = Fixture(segmentSizeBytes: 8192)

    /// A log with 1...4 acknowledged, and its disk.
    private func started() throws -> (SimulatedDisk, SimulatedLog) {
        let disk = SimulatedDisk()
        let log = try fixture.open(disk).log
        _ = try log.append([batch(txns(1...4))])
        return (disk, log)
    }

    @Test("S-01: a torn write of the last records is cut, durably, and the rest is kept")
    func tornTail() throws {
        let (disk, log) = try started()
        disk.cutPower(at: 2)
        #expect(throws: TxnLogError.self) { try log.append([batch(txns(5...30))]) }
        var verdicts: Set<Bool> = []
        for state in disk.crashStates(limit: 300) {
            let (report, found) = try fixture.recover(state)
            #expect(found == txns(1...max(4, found.count)))
            if case .tornTail = report.verdict { verdicts.insert(true) }
            if case .clean = report.verdict { verdicts.insert(false) }
            // Nothing of what was cut comes back, and nothing of what was kept goes.
            for later in state.crashStates(limit: 4) {
                let (again, foundAgain) = try fixture.recover(later)
                #expect(again.verdict == .clean && foundAgain == found)
            }
        }
        #expect(verdicts == [true, false])
    }

    @Test("S-02: after a failed sync nothing is acknowledged or tried again")
    func failedSync() throws {
        let (disk, log) = try started()
        disk.failOperation(2, with: EIO)
        let failure = DiskError("sync", path(firstSegment), code: EIO)
        #expect(throws: TxnLogError.disk(failure)) { try log.append([batch(txns(5...6))]) }
        #expect(log.durableZxid == zxid(4) && log.isPoisoned)
        let count = disk.operationCount
        let refusal = TxnLogError.poisoned(failure)
        #expect(throws: refusal) { try log.append([batch(txns(5...6))]) }
        #expect(throws: refusal) { try log.flushWatermark() }
        #expect(throws: refusal) { try log.truncate(to: zxid(2)) }
        #expect(throws: refusal) { try log.purge(before: zxid(2)) }
        #expect(throws: refusal) { try log.replay(after: .zero) { _, _ in } }
        try log.close()
        #expect(disk.operationCount == count, "nothing was tried")
    }

    @Test("S-03: what a failed sync left in the page cache only is written again by the next start")
    func lostPages() throws {
        let (disk, log) = try started()
        disk.failOperation(2, with: EIO)
        #expect(throws: TxnLogError.self) { try log.append([batch(txns(5...20))]) }
        let restarted = disk.afterKill()
        let (report, found) = try fixture.recover(restarted)
        #expect(report.verdict == .clean && found == txns(1...20) && report.rewrittenBytes > 512)
        for state in restarted.crashStates(limit: 20) {
            #expect(try fixture.recover(state).txns == txns(1...20))
        }
    }

    @Test("S-04: a failed write ends the log; what was acknowledged is there")
    func failedWrite() throws {
        let (disk, log) = try started()
        disk.failOperation(1, with: EIO)
        #expect(throws: TxnLogError.disk(DiskError("write", path(firstSegment), code: EIO))) {
            try log.append([batch(txns(5...20))])
        }
        let found = try fixture.recover(disk.afterKill()).txns
        #expect(found == txns(1...found.count) && found.count >= 4)
    }

    @Test("S-05: unreadable bytes are damage, at the opening or at the replay")
    func unreadable() throws {
        let disk = try fixture.written([txns(1...4), nil, txns(5...8)])
        for (name, range) in [
            (firstSegment, 0..<1), (firstSegment, 4200..<4201),
            ("0000000100000005.log", 0..<1), ("0000000100000005.log", 4100..<4101),
        ] {
            let state = disk.afterKill()
            state.failReads(path(name), range)
            guard case .corrupt(let fault) = try fixture.refusal(state) else {
                Issue.record("\(name)")
                continue
            }
            #expect(fault.file == name)
            #expect(fault.reason == .unreadable(DiskError("read", path(name), code: EIO)))
        }
    }

    @Test("S-06: a full disk refuses before anything is acknowledged, and the log starts again")
    func fullDisk() throws {
        let (disk, log) = try started()
        disk.capacityBytes = 16 << 10
        #expect(throws: DiskError.self) { try log.segmentPreparer.prepare() }
        var acknowledged = 4
        let error = try #require(throws: TxnLogError.self) {
            while true {
                _ = try log.append([batch([TestTxn(acknowledged + 1)])])
                acknowledged += 1
            }
        }
        guard case .disk(let failure) = error else { return #expect(Bool(false)) }
        #expect(failure.code == ENOSPC && acknowledged > 10)
        let restarted = disk.afterKill()
        let again = try fixture.open(restarted).log
        #expect(try readAll(again) == txns(1...acknowledged))
        _ = try again.append([batch([TestTxn(acknowledged + 1)])])
    }

    @Test("S-08: a newest segment that is empty or has a torn header was never acknowledged")
    func tornHeader() throws {
        let disk = try fixture.written([txns(1...4)])
        let name = "0000000100000005.log"
        let whole = try #require(
            try fixture.written([txns(1...4), nil, txns(5...5)]).content(of: path(name)))
        for size in [0, 100, 4095, 4096, 8192] {
            let state = disk.afterKill()
            var content = Array(whole[..<size])
            if size > 4000 { content[48] ^= 1 }
            state.place(content, at: path(name))
            let (report, found) = try fixture.recover(state)
            #expect(found == txns(1...4) && !state.exists(path(name)))
            guard case .discardedSegment(name, _) = report.verdict else {
                Issue.record("\(report)")
                continue
            }
        }
    }

    @Test("S-08: a newest segment that the watermark names is not discarded")
    func damagedHeader() throws {
        let disk = try fixture.written([txns(1...4), nil, txns(5...5)])
        disk.corrupt(path("0000000100000005.log"), 40, bits: 4)
        guard case .corrupt(let fault) = try fixture.refusal(disk) else { return }
        guard case .segmentHeader(.checksum) = fault.reason else { return #expect(Bool(false)) }
        #expect(disk.exists(path(fault.file)))
    }

    @Test("S-14: the records of a recycled file's former life are not seen")
    func recycledFile() throws {
        let fixture = Fixture(segmentSizeBytes: 16384)
        let disk = SimulatedDisk()
        let log = try fixture.open(disk).log
        _ = try log.append([batch(txns(1...90))])
        log.roll()
        _ = try log.append([batch(txns(91...92))])
        #expect(try log.purge(before: zxid(92)) == 1)
        try log.segmentPreparer.prepare()
        log.roll()
        _ = try log.append([batch(txns(93...93))])
        let name = "000000010000005d.log"
        #expect(try disk.recordsEnd(of: name) > 12_000, "the file has its former records")
        for state in [disk.afterKill(), disk.crash(seed: 3)] {
            let (report, found) = try fixture.recover(state)
            #expect(report.verdict == .clean && found == txns(91...93))
        }
        // The same, with the end overwritten: the former records are still no proof of anything.
        disk.corrupt(
            path(name), 4096 + TxnLogFormat.recordBytes(TestTxn(93).payload.count), bits: 1)
        guard case .tornTail = try fixture.recover(disk.afterKill()).report.verdict else {
            return #expect(Bool(false))
        }
    }

    @Test("S-23: a segment's name is durable before anything in it is acknowledged")
    func durableNames() throws {
        let (disk, log) = try started()
        log.roll()
        _ = try log.append([batch(txns(5...6))])
        for state in disk.crashStates(limit: 200) {
            #expect(try fixture.recover(state).txns == txns(1...6))
        }
    }

    @Test(
        "S-08, S-16: the watermark names a segment, durably, before anything in it is acknowledged")
    func durableWatermark() throws {
        let (disk, log) = try started()
        log.roll()
        _ = try log.append([batch(txns(5...6))])
        let name = "0000000100000005.log"
        for state in disk.crashStates(limit: 50) {
            let damaged = state.afterKill()
            damaged.corrupt(path(name), 100, bits: 1)
            guard case .corrupt(let fault) = try fixture.refusal(damaged) else {
                return #expect(Bool(false))
            }
            #expect(fault.file == name)
        }
    }

    @Test(
        "S-31: a disk that refuses everything leaves no partial state",
        arguments: [EROFS, EDQUOT, EMFILE, EACCES])
    func refusingDisk(code: Int32) throws {
        let disk = try fixture.written([txns(1...4)])
        for number in 1...8 {
            let state = disk.afterKill()
            state.failOperation(number, with: code)
            guard let log = try? fixture.open(state).log else { continue }
            try log.close()
            #expect(try fixture.recover(state).txns == txns(1...4))
        }
        let (live, log) = try started()
        live.failOperation(1, with: code)
        #expect(throws: TxnLogError.self) { try log.append([batch(txns(5...5))]) }
        #expect(try fixture.recover(live.afterKill()).txns.prefix(4) == txns(1...4)[...])
    }

    @Test("S-36: a second opening of the directory is refused")
    func lock() throws {
        let (disk, log) = try started()
        let refusal = TxnLogError.locked(path: Fixture.directory)
        #expect(throws: refusal) { try fixture.open(disk) }
        try log.close()
        _ = try fixture.open(disk)
    }

    @Test("S-36: so it is on a real disk")
    func realLock() throws {
        try withTemporaryDirectory { root in
            let log = try fixture.open(PosixDisk(), in: root + "/log").log
            #expect(throws: TxnLogError.locked(path: root + "/log")) {
                try fixture.open(PosixDisk(), in: root + "/log")
            }
            try log.close()
            try fixture.open(PosixDisk(), in: root + "/log").log.close()
        }
    }
}
