import Resync
import Testing
import ZKWire

@Suite("Sync plans")
struct SyncPlanTests {
    @Test("plans for different ends differ")
    func plansDiffer() {
        #expect(SyncPlan.diff(after: .zero) != SyncPlan.snapshot(.zero))
    }
}
