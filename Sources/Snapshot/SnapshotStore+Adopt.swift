import Storage
import ZKWire

extension SnapshotStore {
    /// Makes a file of another history, which has been read in full, one of this log's: its footer
    /// says so from now on, and nothing of the log's chain. Durable when it returns.
    package func adopt(
        _ name: SnapshotName, _ origin: SnapshotOrigin
    ) throws(SnapshotError) {
        var footer = try reader.footer(of: name)
        footer.origin = origin
        footer.chain = 0
        try onDisk { () throws(DiskError) in
            let file = try disk.open(directory + "/" + name.fileName)
            defer { file.close() }
            let size = try file.sizeBytes()
            try file.write(footer.encoded(), at: size - Int64(SnapshotFormat.footerSize))
            try file.sync()
            try disk.syncDirectory(directory)
        }
    }
}
