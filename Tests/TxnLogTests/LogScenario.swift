import Storage
import TxnLog
import ZKWire

/// A life of a log, with an account of what a start may and must find after any of its steps.
struct LogScenario {
    enum Step {
        case append([TestTxn])
        case roll
        case prepare
        case flushWatermark
        case truncate(to: Zxid)
        case purge(before: Zxid)
        case close
        /// The process ends without closing, and a new one opens the log.
        case restart
    }

    /// What must be there: every transaction that was acknowledged and not cut since.
    private(set) var required: [TestTxn] = []
    /// What may be there: that, what was being appended, and what was being cut.
    private(set) var possible: [TestTxn] = []
    /// Transactions up to here may have been purged.
    private(set) var purged = Zxid.zero

    /// Runs the steps until one fails; the error, if one did.
    mutating func run(_ steps: [Step], _ fixture: Fixture, on disk: SimulatedDisk) -> TxnLogError? {
        do throws(TxnLogError) {
            var log = try fixture.open(disk).log
            for step in steps {
                if case .restart = step {
                    disk.releaseLocks()
                    log = try fixture.open(disk).log
                } else {
                    try perform(step, log)
                }
            }
            return nil
        } catch {
            return error
        }
    }

    private mutating func perform(_ step: Step, _ log: SimulatedLog) throws(TxnLogError) {
        switch step {
        case .append(let txns):
            possible = required + txns
            _ = try log.append([batch(txns)])
            required = possible
        case .roll: log.roll()
        case .prepare: try prepare(log)
        case .flushWatermark: try log.flushWatermark()
        case .truncate(let zxid):
            required = required.filter { $0.zxid <= zxid }
            try log.truncate(to: zxid)
            possible = required
        case .purge(let zxid):
            purged = Zxid(rawValue: zxid.rawValue - 1)
            try log.purge(before: zxid)
        case .close: try log.close()
        case .restart: break
        }
    }

    private func prepare(_ log: SimulatedLog) throws(TxnLogError) {
        do throws(DiskError) {
            try log.segmentPreparer.prepare()
        } catch {
            throw .disk(error)
        }
    }

    /// nil if what was found is what may be found; otherwise what is wrong with it.
    func objection(to found: [TestTxn], startsAfter: Zxid) -> String? {
        if startsAfter > purged { return "the log begins after \(startsAfter), purged \(purged)" }
        let expected = possible.filter { $0.zxid > startsAfter }
        let must = required.filter { $0.zxid > startsAfter }
        if found.count < must.count { return "\(must.count - found.count) lost: \(found)" }
        if found != Array(expected.prefix(found.count)) { return "invented: \(found)" }
        return nil
    }
}
