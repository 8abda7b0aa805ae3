import Recovery
import Storage
import TxnLog

/// What changes in a directory when a server begins a segment, purges or finishes a snapshot.
struct DirectoryState: Equatable {
    private let names: [[String]]
    private let watermark: Watermark?

    init<D: Disk>(_ disk: D, _ directory: DataDirectory) {
        names = [directory.log, directory.snapshots].map { (try? disk.list($0)) ?? [] }
        watermark =
            (try? WatermarkInspection.read(disk, logDirectory: directory.log))?.current
    }
}
