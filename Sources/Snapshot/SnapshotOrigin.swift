/// Whose history a snapshot belongs to.
package struct SnapshotOrigin: Hashable, Sendable {
    /// As `meta` has it; zero is "not said".
    package var ensembleID: UInt64
    /// Of the log: it changes when a snapshot from outside replaces the history. `chain` means
    /// something only within one generation.
    package var generation: UInt32

    package init(ensembleID: UInt64, generation: UInt32) {
        self.ensembleID = ensembleID
        self.generation = generation
    }
}
