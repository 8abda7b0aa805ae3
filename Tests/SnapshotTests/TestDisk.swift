import Storage

extension SimulatedDisk {
    /// A disk with a snapshot directory.
    static func withDirectories() -> SimulatedDisk {
        let disk = SimulatedDisk()
        for path in ["data", "data/zknode", Sample.directory, "version-2"] {
            do throws(DiskError) {
                try disk.createDirectory(path)
            } catch {
                preconditionFailure("\(error)")
            }
        }
        return disk
    }

    /// The content of a file, to look at and to damage.
    subscript(path: String) -> [UInt8] {
        get { content(of: path) ?? [] }
        set { place(newValue, at: path) }
    }
}
