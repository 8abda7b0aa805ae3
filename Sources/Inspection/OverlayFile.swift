import Storage

/// A file of the disk below, as far as it was not changed, and pages in memory where it was.
// SAFETY: `@unchecked`: as `OverlayDisk`.
package final class OverlayFile<Base: DiskFile>: DiskFile, @unchecked Sendable {
    private static var pageBytes: Int { 64 << 10 }

    private let base: Base?
    private let path: String
    /// How much of the file below still counts; a cut hides the rest for good.
    private var visibleBytes: Int64
    private var size: Int64
    private var pages: [Int64: [UInt8]] = [:]

    init(path: String) {
        base = nil
        self.path = path
        visibleBytes = 0
        size = 0
    }

    init(over base: Base, path: String) throws(DiskError) {
        self.base = base
        self.path = path
        size = try base.sizeBytes()
        visibleBytes = size
    }

    package func sizeBytes() -> Int64 { size }

    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(DiskError) -> Int {
        let count = Int(max(min(Int64(buffer.count), size - offset), 0))
        guard count > 0 else { return 0 }
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        try readBase(into: room, at: offset)
        guard !pages.isEmpty else { return count }
        var done = 0
        while done < count {
            let place = offset + Int64(done)
            let within = Int(place % Int64(Self.pageBytes))
            let more = min(Self.pageBytes - within, count - done)
            if let page = pages[place / Int64(Self.pageBytes)] {
                UnsafeMutableRawBufferPointer(rebasing: room[done..<(done + more)])
                    .copyBytes(from: page[within..<(within + more)])
            }
            done += more
        }
        return count
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(DiskError) {
        var done = 0
        while done < bytes.count {
            let place = offset + Int64(done)
            let number = place / Int64(Self.pageBytes)
            let within = Int(place % Int64(Self.pageBytes))
            let more = min(Self.pageBytes - within, bytes.count - done)
            var page: [UInt8]
            if let known = pages[number] { page = known } else { page = try basePage(number) }
            page.replaceSubrange(within..<(within + more), with: bytes[done..<(done + more)])
            pages[number] = page
            done += more
        }
        size = max(size, offset + Int64(bytes.count))
    }

    package func truncate(to sizeBytes: Int64) {
        let page = Int64(Self.pageBytes)
        for number in pages.keys where number * page >= sizeBytes { pages[number] = nil }
        if let last = pages[sizeBytes / page] {
            let kept = Int(sizeBytes % page)
            pages[sizeBytes / page] =
                last[..<kept] + [UInt8](repeating: 0, count: Self.pageBytes - kept)
        }
        visibleBytes = min(visibleBytes, sizeBytes)
        size = sizeBytes
    }

    package func allocate(_ sizeBytes: Int64) { size = max(size, sizeBytes) }
    package func sync() {}
    /// The file below closes with its last owner.
    package func close() {}

    private func basePage(_ number: Int64) throws(DiskError) -> [UInt8] {
        var page = [UInt8](repeating: 0, count: Self.pageBytes)
        let result = page.withUnsafeMutableBytes { room -> Result<Void, DiskError> in
            do throws(DiskError) {
                return .success(try readBase(into: room, at: number * Int64(Self.pageBytes)))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
        return page
    }

    /// The visible bytes of the file below, and zeros behind them.
    private func readBase(
        into room: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(DiskError) {
        let wanted = Int(max(min(Int64(room.count), visibleBytes - offset), 0))
        var got = 0
        if wanted > 0, let base {
            got = try base.read(
                into: UnsafeMutableRawBufferPointer(rebasing: room[..<wanted]), at: offset)
        }
        if got < room.count {
            UnsafeMutableRawBufferPointer(rebasing: room[got...]).initializeMemory(
                as: UInt8.self, repeating: 0)
        }
    }
}
