import Recovery
import Storage
import ZKWire

/// Starts as tests have them: a small log, fixed ids.
enum Start {
    static let directory = DataDirectory("data")
    static let ensembleID: UInt64 = 0xE5E5
    static let snapshots = "data/zknode/snapshot"
    static let log = "data/zknode/log"

    static func configuration(server: Int64 = 0, seed: UInt64 = 1) -> RecoveryConfiguration {
        var configuration = RecoveryConfiguration(
            serverID: ServerID(rawValue: server), newEnsembleID: ensembleID, seed: seed)
        // Small, so that a test's history has several segments.
        configuration.segmentSizeBytes = 16 << 10
        return configuration
    }

    static func load<D: Disk>(
        _ disk: D, server: Int64 = 0, seed: UInt64 = 1
    ) throws(RecoveryError) -> RecoveredState<D> {
        try Recovery(disk, directory, configuration(server: server, seed: seed)).load()
    }

    /// The error of a start that has to fail; nil if it did not.
    static func failure<D: Disk>(_ disk: D, server: Int64 = 0) -> RecoveryError? {
        do throws(RecoveryError) {
            _ = try load(disk, server: server)
            return nil
        } catch {
            return error
        }
    }
}
