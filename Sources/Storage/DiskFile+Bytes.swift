#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

// Small reads and writes, as arrays.
extension DiskFile {
    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    package func readBytes(_ count: Int, at offset: Int64) throws(DiskError) -> [UInt8] {
        var failure: DiskError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(DiskError) {
                filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// For bytes that were there a moment ago.
    package func readExactly(_ count: Int, at offset: Int64) throws(DiskError) -> [UInt8] {
        let bytes = try readBytes(count, at: offset)
        guard bytes.count == count else { throw DiskError("read", "a shrunken file", code: EIO) }
        return bytes
    }

    package func writeZeros(_ count: Int, at offset: Int64) throws(DiskError) {
        try write([UInt8](repeating: 0, count: count), at: offset)
    }

    package func write(_ bytes: [UInt8], at offset: Int64) throws(DiskError) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(DiskError) in
            try write(UnsafeRawBufferPointer(buffer), at: offset)
        }
    }
}
