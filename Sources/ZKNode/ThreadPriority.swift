import Glibc
import NIOCore

/// The calling thread leaves the processor to everybody else from now on: where there is less of it
/// than is wanted, a learner takes longer to come back or a snapshot to be written, and clients do
/// not notice. Without privileges it cannot be taken back: for threads that do nothing else.
func giveWay() {
    // On Linux this is the thread's own. Where it fails it costs latency and nothing else.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
}

/// Leaves the processor for so long. For threads on which nobody waits.
func pause(_ time: TimeAmount) {
    guard time > .zero else { return }
    usleep(UInt32(time.nanoseconds / 1000))
}
