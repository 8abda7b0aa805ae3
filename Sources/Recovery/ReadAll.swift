import Storage

extension [UInt8] {
    /// Fills the array from a file; returns how much there was.
    mutating func readAll(
        of file: some DiskFile, at offset: Int64
    ) throws(DiskError) -> Int {
        var result: Result<Int, DiskError> = .success(0)
        withUnsafeMutableBytes { bytes in
            do throws(DiskError) {
                result = .success(try file.read(into: bytes, at: offset))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }
}
