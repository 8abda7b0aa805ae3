import Testing
import Zab

@testable import ServerCore

@Suite("When a snapshot is due")
struct SnapshotTriggerTests {
    private static let large = 100 << 20
    private let start = Instant(nanoseconds: 0)

    @Test("after so many transactions, once")
    func byCount() {
        var trigger = SnapshotTrigger(txnCount: 10, txnBytes: .max)
        let due = raised(&trigger, txns: 30, bytes: 100)
        #expect(due == [10])
    }

    @Test("what a start has replayed counts")
    func replayed() {
        var trigger = SnapshotTrigger(txnCount: 10, txnBytes: .max, replayed: 7)
        let due = raised(&trigger, txns: 30, bytes: 100)
        var later = SnapshotTrigger(txnCount: 10, txnBytes: .max, replayed: 1000)
        let dueAtOnce = raised(&later, txns: 30, bytes: 100)
        #expect(due == [3])
        #expect(dueAtOnce == [1])
    }

    @Test("after so many bytes, even if the last one was larger")
    func byBytes() {
        var trigger = SnapshotTrigger(txnCount: 1000, txnBytes: 1000)
        trigger.walked(bytes: SnapshotTriggerTests.large)
        let due = raised(&trigger, txns: 30, bytes: 100)
        #expect(due == [10])
    }

    @Test("behind a small one no later")
    func small() {
        var trigger = SnapshotTrigger(txnCount: 10, txnBytes: .max)
        trigger.walked(bytes: 1 << 20)
        let due = raised(&trigger, txns: 30, bytes: 100)
        #expect(due == [10])
    }

    @Test("behind a large one when the log has its size")
    func large() {
        var trigger = SnapshotTrigger(txnCount: 10, txnBytes: .max)
        trigger.walked(bytes: SnapshotTriggerTests.large)
        trigger.begin(txnCount: 10, txnBytes: .max)
        let due = raised(&trigger, txns: 100, bytes: 4 << 20)
        #expect(due == [25])
    }

    @Test("after four times as many transactions, however large the last one was")
    func most() {
        var trigger = SnapshotTrigger(txnCount: 10, txnBytes: .max)
        trigger.walked(bytes: SnapshotTriggerTests.large)
        let due = raised(&trigger, txns: 100, bytes: 100)
        #expect(due == [40])
    }

    @Test("ten seconds after it would have been, though nothing more is written")
    func patience() {
        var trigger = SnapshotTrigger(txnCount: 10, txnBytes: .max)
        trigger.walked(bytes: SnapshotTriggerTests.large)
        let early = trigger.tick(now: start + .seconds(60))
        let waiting = raised(&trigger, txns: 15, bytes: 100)
        let due = [9.999, 10, 11].map { trigger.tick(now: start + .seconds($0)) }
        let again = raised(&trigger, txns: 100, bytes: 100)
        trigger.begin(txnCount: 10, txnBytes: .max)
        let afterwards = trigger.tick(now: start + .seconds(30))
        #expect(!early)
        #expect(waiting.isEmpty)
        #expect(due == [false, true, false])
        #expect(again.isEmpty)
        #expect(!afterwards)
    }

    /// The numbers of the transactions that made one due.
    private func raised(_ trigger: inout SnapshotTrigger, txns: Int, bytes: Int) -> [Int] {
        (1...txns).filter { _ in trigger.count(bytes: bytes, now: start) }
    }
}
