import Logging
import Recovery
import ServerConfiguration
import Storage

/// Whether a server may begin with nothing (`db.autocreate`). With `false` it may only beside a
/// file `initialize`, as in Apache, so that a disk that was not mounted, or a wrong path, is no new
/// and empty server.
///
/// Differs from ZooKeeper, where a standalone server begins anew all the same.
struct FirstStart {
    /// The file that allows it, and is gone afterwards.
    private let marker: String
    let isMarked: Bool

    /// Decides before anything is made.
    init(
        _ settings: StorageSettings, _ directory: DataDirectory, _ disk: PosixDisk
    ) throws(ServerFailure) {
        marker = directory.dataLog + "/initialize"
        isMarked = disk.exists(marker)
        let traces = [directory.own, directory.apacheSnapshots, directory.apacheLogs]
        guard settings.isDatabaseCreated || isMarked || traces.contains(where: disk.exists) else {
            throw ServerFailure(
                .dataDirectory,
                """
                there is no data in \(directory.data), and db.autocreate is false. Mount the disk \
                or correct dataDir; to begin anew make an empty file \(marker)
                """)
        }
    }

    /// The start has made or found its data.
    func end(_ disk: PosixDisk, _ logger: Logger) {
        guard isMarked else { return }
        do throws(DiskError) {
            try disk.remove(marker)
        } catch {
            logger.warning("\(marker) could not be removed, remove it: \(error)")
        }
    }
}
