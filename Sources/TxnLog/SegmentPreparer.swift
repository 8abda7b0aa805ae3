// Making the next segment's file while the present one is written, on another thread than the
// log's. Blocks that exist are what makes a later fdatasync commit data only.

import Storage
import ZKWire

/// Makes `next.prepared`, by recycling the file of a purged segment or by writing zeros. Only the
/// complete file gets the name, so that the log may look for it at any time.
package struct SegmentPreparer<D: Disk>: Sendable {
    private let directory: LogDirectory<D>
    private let sizeBytes: Int
    private let spares: Int

    /// Written and synced in steps, so that the syncs of the log in between wait for little.
    private static var stepBytes: Int { 4 << 20 }

    init(_ directory: LogDirectory<D>, sizeBytes: Int, spares: Int) {
        self.directory = directory
        self.sizeBytes = sizeBytes
        self.spares = spares
    }

    package var isReady: Bool { directory.exists(LogFileName.prepared) }

    /// Does nothing if a file is ready. Failing is not fatal: the log then makes its own, and meets
    /// the same trouble, if it is one, before it acknowledges anything.
    package func prepare() throws(DiskError) {
        if isReady || takeSpare(as: LogFileName.prepared) { return }
        let file = try directory.disk.create(directory.path(of: LogFileName.preparing))
        defer { file.close() }
        try file.allocate(Int64(sizeBytes))
        var offset = 0
        while offset < sizeBytes {
            let count = min(Self.stepBytes, sizeBytes - offset)
            try file.writeZeros(count, at: Int64(offset))
            try file.sync()
            offset += count
        }
        try directory.disk.rename(
            directory.path(of: LogFileName.preparing), to: directory.path(of: LogFileName.prepared))
    }

    /// Renames a spare of the right size, if there is one. The former life's records do not
    /// validate under the new header's salt.
    func takeSpare(as name: String) -> Bool {
        for number in 0..<spares {
            let spare = directory.path(of: LogFileName.spare(number))
            guard directory.disk.exists(spare) else { continue }
            do throws(DiskError) {
                let file = try directory.disk.openForReading(spare)
                let size = try file.sizeBytes()
                file.close()
                guard size >= Int64(sizeBytes) else { continue }
                try directory.disk.rename(spare, to: directory.path(of: name))
                return true
            } catch {
                // Somebody else took it, or it is unusable; a fresh file will do.
                continue
            }
        }
        return false
    }
}
