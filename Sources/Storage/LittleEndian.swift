// The byte order of our own on-disk formats. (Jute is big-endian; that is ZKWire's.)

extension UnsafeRawPointer {
    /// The integer at `offset` bytes, aligned or not.
    @inline(__always)
    package func loadLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as type: T.Type
    ) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}

extension UnsafeMutableRawPointer {
    @inline(__always)
    package func storeLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(
        _ value: T, at offset: Int
    ) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }
}

extension UnsafeRawBufferPointer {
    /// The integer at `offset` bytes; the caller has checked that it lies within.
    @inline(__always)
    package func loadLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as type: T.Type
    ) -> T {
        precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count)
        return baseAddress.unsafelyUnwrapped.loadLittleEndian(at: offset, as: type)
    }
}
