/// A file of an `OverlayDisk`: the base's bytes, and over them the pages that were written.
// SAFETY: `@unchecked`: one thread uses a file at a time (see `DiskFile`).
package final class OverlayFile<Base: DiskFile>: DiskFile, @unchecked Sendable {
    /// What is copied when a byte of it is written.
    private static var pageBytes: Int64 { 64 << 10 }

    private let base: Base?
    /// Bytes of the base that still show.
    private var baseBytes: Int64
    private var size: Int64
    private var pages: [Int64: [UInt8]] = [:]

    init(_ base: Base?, sizeBytes: Int64) {
        self.base = base
        baseBytes = sizeBytes
        size = sizeBytes
    }

    deinit { base?.close() }

    package func sizeBytes() -> Int64 { size }

    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(DiskError) -> Int {
        let end = min(offset + Int64(buffer.count), size)
        var at = offset
        while at < end {
            let next = min(endOfRun(at), end)
            let room = UnsafeMutableRawBufferPointer(
                rebasing: buffer[Int(at - offset)..<Int(next - offset)])
            if let page = pages[at / Self.pageBytes] {
                let start = Int(at % Self.pageBytes)
                room.copyBytes(from: page[start..<(start + room.count)])
            } else {
                try readBase(into: room, at: at)
            }
            at = next
        }
        return Int(max(end - offset, 0))
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(DiskError) {
        var at = offset
        let end = offset + Int64(bytes.count)
        while at < end {
            let number = at / Self.pageBytes
            let next = min((number + 1) * Self.pageBytes, end)
            var page = if let page = pages[number] { page } else { try basePage(number) }
            let start = Int(at % Self.pageBytes)
            let piece = bytes[Int(at - offset)..<Int(next - offset)]
            page.replaceSubrange(start..<(start + piece.count), with: piece)
            pages[number] = page
            at = next
        }
        size = max(size, end)
    }

    package func sync() {}

    package func truncate(to sizeBytes: Int64) throws(DiskError) {
        let last = sizeBytes / Self.pageBytes
        if sizeBytes < size {
            // What is cut must read as zeros if the file grows again.
            let kept = Int(sizeBytes % Self.pageBytes)
            if var page = pages[last] {
                for index in kept..<page.count { page[index] = 0 }
                pages[last] = page
            }
            for number in pages.keys where number > last { pages[number] = nil }
            baseBytes = min(baseBytes, sizeBytes)
        }
        size = sizeBytes
    }

    package func allocate(_ sizeBytes: Int64) { size = max(size, sizeBytes) }

    /// The base is closed when nobody has the file any more: others may have it open.
    package func close() {}

    /// Where the written page ends that `at` is in, or where the next one begins.
    private func endOfRun(_ at: Int64) -> Int64 {
        let number = at / Self.pageBytes
        if pages.isEmpty { return .max }
        if pages[number] != nil { return (number + 1) * Self.pageBytes }
        return pages.keys.filter { $0 > number }.min().map { $0 * Self.pageBytes } ?? .max
    }

    private func basePage(_ number: Int64) throws(DiskError) -> [UInt8] {
        var page = [UInt8](repeating: 0, count: Int(Self.pageBytes))
        let left = baseBytes - number * Self.pageBytes
        guard let base, left > 0 else { return page }
        let bytes = try base.readBytes(
            Int(min(left, Self.pageBytes)), at: number * Self.pageBytes)
        page.replaceSubrange(0..<bytes.count, with: bytes)
        return page
    }

    private func readBase(
        into room: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(DiskError) {
        let count = Int(max(min(baseBytes - offset, Int64(room.count)), 0))
        var done = 0
        if let base, count > 0 {
            done = try base.read(
                into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]), at: offset)
        }
        for index in done..<room.count { room[index] = 0 }
    }
}
