import Recovery
import Storage

/// What a start got from the disk.
struct RecoveredMachine {
    let state: RecoveredState<SimulatedDisk>
    let recovery: Recovery<SimulatedDisk>
    let seed: UInt64
}
