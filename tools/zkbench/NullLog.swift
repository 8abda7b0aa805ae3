import Glibc
import ZKWire

/// A log without a format: a file that was written beforehand, so that a sync commits data and no
/// metadata, and which is written from its start again when it is full.
final class NullLog {
    private let descriptor: Int32
    private let path: String
    private var offset = 0
    private static let capacity = 64 << 20

    init(path: String) throws(BenchError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw BenchError(systemCall: "open", path) }
        let block = [UInt8](repeating: 0, count: 1 << 20)
        for _ in 0..<(Self.capacity / block.count) {
            try block.withByteView { (bytes) throws(BenchError) in try write(bytes) }
        }
        try sync()
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(BenchError) {
        var rest = bytes
        while !rest.isEmpty {
            if offset == Self.capacity { offset = 0 }
            let size = min(rest.count, Self.capacity - offset)
            let written = pwrite(descriptor, rest.baseAddress, size, off_t(offset))
            guard written > 0 else { throw BenchError(systemCall: "pwrite", path) }
            offset += written
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    func sync() throws(BenchError) {
        guard fdatasync(descriptor) == 0 else { throw BenchError(systemCall: "fdatasync", path) }
    }
}
