// Encoding: one growable buffer, reused. Big-endian, as jute has it.

/// A growable buffer that messages are encoded into. Storage is kept across `removeAll()`, so that
/// a connection or a batch in steady state allocates nothing.
///
/// A class for the identity of its memory; it belongs to one owner at a time.
package final class ByteWriter {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var capacity: Int
    /// Bytes written so far.
    package private(set) var count = 0

    /// - Parameter capacity: bytes to reserve at once.
    package init(capacity: Int = 512) {
        let size = Swift.max(capacity, 64)
        // SAFETY: freed in `deinit` only; `count` never passes `capacity`.
        base = .allocate(byteCount: size, alignment: 16)
        self.capacity = size
    }

    deinit { base.deallocate() }

    /// What was written, valid until the next change.
    package var view: ByteView { ByteView(start: base, count: count) }
    package var bytes: [UInt8] { [UInt8](view) }

    package func removeAll() { count = 0 }

    /// Forgets everything after the first `newCount` bytes.
    package func truncate(to newCount: Int) {
        precondition(newCount <= count)
        count = newCount
    }

    /// Forgets the first `dropped` bytes and moves the rest down.
    package func removeFirst(_ dropped: Int) {
        precondition(dropped <= count)
        base.copyMemory(from: base + dropped, byteCount: count - dropped)
        count -= dropped
    }

    /// Room for `more` bytes at the end; returns where they go. The bytes count as written.
    @inline(__always)
    package func extend(by more: Int) -> UnsafeMutableRawPointer {
        if count &+ more > capacity { grow(for: more) }
        let place = base + count
        count &+= more
        return place
    }

    /// Gives back memory beyond `limit` bytes if the buffer is empty: a burst is not kept for ever.
    package func shrink(to limit: Int) {
        guard count == 0, capacity > limit else { return }
        base.deallocate()
        base = .allocate(byteCount: limit, alignment: 16)
        capacity = limit
    }

    @inline(never)
    private func grow(for more: Int) {
        let newCapacity = Swift.max(capacity * 2, count + more)
        let newBase = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
        newBase.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = newBase
        capacity = newCapacity
    }
}

extension ByteWriter {
    @inline(__always)
    package func writeInt8(_ value: Int8) {
        extend(by: 1).storeBytes(of: value, as: Int8.self)
    }

    @inline(__always)
    package func writeBool(_ value: Bool) { writeInt8(value ? 1 : 0) }

    @inline(__always)
    package func writeInt32(_ value: Int32) {
        extend(by: 4).storeBytes(of: value.bigEndian, as: Int32.self)
    }

    @inline(__always)
    package func writeInt64(_ value: Int64) {
        extend(by: 8).storeBytes(of: value.bigEndian, as: Int64.self)
    }

    @inline(__always)
    package func writeRaw(_ bytes: ByteView) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        extend(by: bytes.count).copyMemory(from: source, byteCount: bytes.count)
    }

    package func writeRaw(_ bytes: [UInt8]) { bytes.withByteView { writeRaw($0) } }

    /// A jute `buffer` or `ustring`: a length and the bytes.
    @inline(__always)
    package func writeBuffer(_ bytes: ByteView) {
        writeInt32(Int32(truncatingIfNeeded: bytes.count))
        writeRaw(bytes)
    }

    package func writeBuffer(_ bytes: [UInt8]) { bytes.withByteView { writeBuffer($0) } }

    package func writeString(_ text: String) { text.withByteView { writeBuffer($0) } }

    /// A jute null buffer: length -1.
    package func writeNullBuffer() { writeInt32(-1) }

    /// Overwrites four bytes at `offset`, for a length that is known only after its content.
    @inline(__always)
    package func setInt32(_ value: Int32, at offset: Int) {
        precondition(offset >= 0 && offset + 4 <= count)
        (base + offset).storeBytes(of: value.bigEndian, as: Int32.self)
    }

    @inline(__always)
    package func setInt64(_ value: Int64, at offset: Int) {
        precondition(offset >= 0 && offset + 8 <= count)
        (base + offset).storeBytes(of: value.bigEndian, as: Int64.self)
    }
}
