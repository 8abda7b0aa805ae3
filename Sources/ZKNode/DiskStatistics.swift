import ServerCore

/// What the shell measures of the disk, in milliseconds.
package struct DiskStatistics: Sendable {
    /// Writing and syncing one batch of the log.
    package var syncTime = LatencyStatistics()
    package var snapshotTime = LatencyStatistics()
    package var refusedConnections = 0

    package init() {}
}
