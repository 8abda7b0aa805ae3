// Writes past the page cache: what the log writes is copied once less, and takes no memory from what is
// read. Nothing else changes: what is durable when, `sync` says.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whether a file's writes go past the page cache.
enum DirectWriting {
    case unknown
    case on
    case off
    /// The file system cannot do that.
    case refused
}

extension PosixFile {
    private static let pageBytes = 4096

    package func writePages(
        _ bytes: UnsafeRawBufferPointer, at offset: Int64
    ) throws(DiskError) {
        guard isOnPages(bytes, offset), beginDirect() else { return try write(bytes, at: offset) }
        do throws(DiskError) {
            try writeAll(bytes, at: offset)
        } catch {
            // Some file systems take the flag and then refuse the write.
            guard error.code == EINVAL else { throw error }
            endDirect()
            direct = .refused
            try writeAll(bytes, at: offset)
        }
    }

    package func writeZeros(_ count: Int, at offset: Int64) throws(DiskError) {
        let pieceBytes = 1 << 20
        // SAFETY: freed when this returns, and no write outlasts its call.
        let zeros = UnsafeMutableRawBufferPointer.allocate(
            byteCount: pieceBytes, alignment: PosixFile.pageBytes)
        defer { zeros.deallocate() }
        zeros.initializeMemory(as: UInt8.self, repeating: 0)
        var done = 0
        while done < count {
            let piece = UnsafeRawBufferPointer(rebasing: zeros[..<min(pieceBytes, count - done)])
            try writePages(piece, at: offset + Int64(done))
            done += piece.count
        }
    }

    private func isOnPages(_ bytes: UnsafeRawBufferPointer, _ offset: Int64) -> Bool {
        let place = Int(bitPattern: bytes.baseAddress) | Int(offset) | bytes.count
        return place % PosixFile.pageBytes == 0
    }

    private func beginDirect() -> Bool {
        switch direct {
        case .on: return true
        case .refused: return false
        case .unknown, .off:
            direct = setFlag(true) ? .on : .refused
            return direct == .on
        }
    }

    /// Other accesses need not be of whole pages.
    func endDirect() {
        guard direct == .on else { return }
        _ = setFlag(false)
        direct = .off
    }

    private func setFlag(_ isDirect: Bool) -> Bool {
        let flags = fcntl(descriptor, F_GETFL)
        guard let directFlag, flags >= 0 else { return false }
        return fcntl(descriptor, F_SETFL, isDirect ? flags | directFlag : flags & ~directFlag) == 0
    }
}

/// O_DIRECT, which the C library's header keeps from Swift; nil where there is none.
#if os(Linux) && arch(x86_64)
    private let directFlag: Int32? = 0o40000
#elseif os(Linux) && arch(arm64)
    private let directFlag: Int32? = 0o200000
#else
    private let directFlag: Int32? = nil
#endif
