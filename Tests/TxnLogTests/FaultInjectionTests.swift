import Storage
import Testing
import TxnLog
import ZKWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Everything that can go wrong at every operation of a log's life: an error, the death of the
/// process, a power failure with every kind of loss. What was acknowledged is there afterwards,
/// nothing is invented, and the log goes on.
@Suite struct FaultInjectionTests {
    private static let appendAndRoll: [LogScenario.Step] = [
        .append(txns(1...2)), .append(txns(3...3)), .prepare, .roll, .append(txns(4...6)),
        .flushWatermark, .append(txns(7...60)), .append(txns(61...62)), .restart,
        .append(txns(63...64)), .roll, .append(txns(65...65)), .close,
    ]

    private static let truncating: [LogScenario.Step] = [
        .append(txns(1...4)), .roll, .append(txns(5...8)), .roll, .append(txns(9...12)),
        .truncate(to: zxid(6)), .append(txns(7...9, variant: 1)), .roll,
        .append(txns(10...11, variant: 1)), .truncate(to: zxid(9)), .close,
    ]

    private static let purging: [LogScenario.Step] = [
        .append(txns(1...4)), .roll, .append(txns(5...8)), .roll, .append(txns(9...12)), .roll,
        .append(txns(13...16)), .purge(before: zxid(13)), .prepare, .roll, .append(txns(17...18)),
        .roll, .append(txns(19...20)), .close,
    ]

    enum Life: CaseIterable {
        case appendAndRoll, truncating, purging

        var steps: [LogScenario.Step] {
            switch self {
            case .appendAndRoll: FaultInjectionTests.appendAndRoll
            case .truncating: FaultInjectionTests.truncating
            case .purging: FaultInjectionTests.purging
            }
        }
    }

    private func fixture(_ isCompressed: Bool = false) -> Fixture {
        Fixture(segmentSizeBytes: 8192, isCompressed: isCompressed)
    }

    /// A start on `disk` finds what it may; then the log takes one more transaction.
    private func checkRecovery(
        _ disk: SimulatedDisk, _ scenario: LogScenario, _ fixture: Fixture, _ what: String
    ) {
        do {
            let log = try fixture.open(disk).log
            let found = try readAll(log)
            if let objection = scenario.objection(to: found, startsAfter: log.startsAfter) {
                Issue.record("\(what): \(objection)")
                return
            }
            let more = TestTxn(1, variant: 9, epoch: 7)
            _ = try log.append([batch([more])])
            let again = try fixture.open(disk.afterKill()).log
            #expect(try readAll(again) == found + [more], "\(what)")
        } catch {
            Issue.record("\(what): \(error)")
        }
    }

    @Test(
        "Whatever operation fails, the log stops, and a new start finds what was acknowledged",
        arguments: Life.allCases, [EIO, ENOSPC])
    func failures(life: Life, code: Int32) {
        let fixture = fixture()
        var number = 0
        var error: TxnLogError?
        repeat {
            number += 1
            let disk = SimulatedDisk()
            var scenario = LogScenario()
            disk.failOperation(number, with: code)
            error = scenario.run(life.steps, fixture, on: disk)
            checkRecovery(disk.afterKill(), scenario, fixture, "\(life), operation \(number)")
            for seed in 0..<2 {
                checkRecovery(
                    disk.crash(seed: UInt64(seed)), scenario, fixture,
                    "\(life), operation \(number), then a power failure, seed \(seed)")
            }
        } while (error != nil || number < 60) && number < 1000
        // Some failures are of no consequence, so the first sixty are tried in any case.
        #expect(number > 60 && number < 1000)
    }

    @Test(
        "Whenever the power fails, every state that it may leave has what was acknowledged",
        arguments: Life.allCases, [false, true])
    func powerCuts(life: Life, isCompressed: Bool) {
        let fixture = fixture(isCompressed)
        var number = 0
        var isCut = true
        while isCut && number < 1000 {
            number += 1
            let disk = SimulatedDisk()
            var scenario = LogScenario()
            disk.cutPower(at: number)
            isCut = scenario.run(life.steps, fixture, on: disk) != nil
            for (index, state) in disk.crashStates(limit: 24, seed: UInt64(number)).enumerated() {
                checkRecovery(
                    state, scenario, fixture, "\(life), power cut \(number), state \(index)")
            }
        }
        #expect(number > 60 && number < 1000)
    }

    @Test("The power fails again while the log recovers")
    func nestedPowerCuts() {
        let fixture = fixture()
        var number = 10
        while number < 130 {
            number += 7
            let disk = SimulatedDisk()
            var scenario = LogScenario()
            disk.cutPower(at: number)
            _ = scenario.run(Self.appendAndRoll, fixture, on: disk)
            var isCut = true
            var inner = 0
            while isCut {
                inner += 1
                let second = disk.crash(seed: UInt64(number))
                second.cutPower(at: inner)
                isCut = (try? fixture.open(second)) == nil
                for state in second.crashStates(limit: 4, seed: UInt64(inner)) {
                    checkRecovery(state, scenario, fixture, "power cuts \(number), \(inner)")
                }
            }
        }
    }
}
