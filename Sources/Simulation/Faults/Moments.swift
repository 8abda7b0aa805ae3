import ZKWire

/// What some faults wait for: those who do it say so.
struct Moments {
    /// A leader sends a learner what it lacks.
    var synchronizing: (_ learner: ServerID, _ leader: ServerID) -> Void = { _, _ in }
    /// A leader begins to send a learner what it has on its disk.
    var streaming: (_ learner: ServerID, _ leader: ServerID) -> Void = { _, _ in }
    /// A log is about to be cut.
    var cutting: (ServerID) -> Void = { _ in }
}
