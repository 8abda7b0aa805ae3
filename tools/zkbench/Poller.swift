import Glibc

/// Waits for many sockets at once (POSIX `pselect`: of the calls that wait it is the one that is
/// everywhere and takes nanoseconds, which an open loop needs). A socket is reported while there
/// are bytes to read, or room to write if that was asked for.
struct Poller: ~Copyable {
    private var reads: DescriptorSet
    private var writes: DescriptorSet
    private var readyReads: DescriptorSet
    private var readyWrites: DescriptorSet
    private var highest: Int32 = -1

    /// - Parameter capacity: no descriptor of the process is as high as this.
    init(capacity: Int = 1 << 16) {
        reads = DescriptorSet(capacity: capacity)
        writes = DescriptorSet(capacity: capacity)
        readyReads = DescriptorSet(capacity: capacity)
        readyWrites = DescriptorSet(capacity: capacity)
    }

    /// Reports bytes to read on `descriptor` from now on.
    mutating func add(_ descriptor: Int32) {
        reads.insert(descriptor)
        highest = max(highest, descriptor)
    }

    mutating func remove(_ descriptor: Int32) {
        reads.remove(descriptor)
        writes.remove(descriptor)
    }

    /// Whether to report room to write.
    @inline(__always)
    mutating func setWaitsForRoom(_ waits: Bool, _ descriptor: Int32) {
        if waits { writes.insert(descriptor) } else { writes.remove(descriptor) }
    }

    /// Waits for at most `nanoseconds`; the descriptors that are ready, in `ready`.
    mutating func wait(_ nanoseconds: UInt64, into ready: inout [Int32]) {
        ready.removeAll(keepingCapacity: true)
        let count = highest + 1
        readyReads.copy(reads, count)
        readyWrites.copy(writes, count)
        var time = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        guard pselect(count, readyReads.bits, readyWrites.bits, nil, &time, nil) > 0 else { return }
        readyReads.append(to: &ready, or: readyWrites, count)
    }
}

/// A set of file descriptors in the layout of `fd_set`, of any size: the kernel looks at as many
/// bits as it is told, and the limit of 1024 is only that of the type.
private struct DescriptorSet: ~Copyable {
    private let words: UnsafeMutablePointer<UInt>
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = (capacity + 1023) / 1024 * 1024
        // SAFETY: freed in `deinit`; descriptors are checked against `capacity` when inserted.
        words = .allocate(capacity: self.capacity / UInt.bitWidth)
        words.initialize(repeating: 0, count: self.capacity / UInt.bitWidth)
    }

    deinit { words.deallocate() }

    var bits: UnsafeMutablePointer<fd_set> {
        // SAFETY: `fd_set` is an array of words, and this is at least as long.
        UnsafeMutableRawPointer(words).assumingMemoryBound(to: fd_set.self)
    }

    @inline(__always)
    func insert(_ descriptor: Int32) {
        precondition(descriptor >= 0 && Int(descriptor) < capacity)
        words[Int(descriptor) / UInt.bitWidth] |= 1 << (UInt(descriptor) % UInt(UInt.bitWidth))
    }

    @inline(__always)
    func remove(_ descriptor: Int32) {
        precondition(descriptor >= 0 && Int(descriptor) < capacity)
        words[Int(descriptor) / UInt.bitWidth] &= ~(1 << (UInt(descriptor) % UInt(UInt.bitWidth)))
    }

    func copy(_ other: borrowing DescriptorSet, _ count: Int32) {
        words.update(from: other.words, count: Self.wordCount(count))
    }

    func append(to list: inout [Int32], or other: borrowing DescriptorSet, _ count: Int32) {
        for index in 0..<Self.wordCount(count) {
            var word = words[index] | other.words[index]
            while word != 0 {
                let bit = word.trailingZeroBitCount
                list.append(Int32(index * UInt.bitWidth + bit))
                word &= word - 1
            }
        }
    }

    private static func wordCount(_ count: Int32) -> Int {
        (Int(count) + UInt.bitWidth - 1) / UInt.bitWidth
    }
}
