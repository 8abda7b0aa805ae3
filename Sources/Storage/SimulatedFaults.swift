// What a simulated disk is told to do wrong.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

struct SimulatedFaults {
    /// Operations so far, of any kind.
    private(set) var operationCount = 0
    private var failures: [Int: Int32] = [:]
    /// From this operation on nothing happens any more.
    private var powerCut: Int?
    var capacityBytes = Int.max
    /// Syncs of what is in this directory, and its own, say that they are done and do nothing.
    var ignoredSyncs: String?

    func ignoresSync(of path: String) -> Bool { ignoredSyncs.map(path.hasPrefix) ?? false }
    private var unreadable: [(path: String, range: Range<Int>, code: Int32)] = []

    var isPowerCut: Bool { powerCut.map { $0 <= operationCount } ?? false }

    mutating func fail(_ number: Int, with code: Int32) { failures[operationCount + number] = code }
    mutating func cutPower(at number: Int) { powerCut = operationCount + number }

    mutating func failReads(_ path: String, _ range: Range<Int>, with code: Int32) {
        unreadable.append((path, range, code))
    }

    func readFailure(_ path: String, _ range: Range<Int>) -> Int32? {
        unreadable.first { $0.path == path && $0.range.overlaps(range) }?.code
    }

    /// - Returns: the operation's failure, if it is to have one.
    mutating func countOperation(_ operation: String, _ path: String) -> DiskError? {
        operationCount += 1
        if isPowerCut { return DiskError(operation, path, code: EIO) }
        guard let code = failures.removeValue(forKey: operationCount) else { return nil }
        return DiskError(operation, path, code: code)
    }
}

extension SimulatedDisk {
    /// Operations so far.
    package var operationCount: Int { state.withLock { $0.faults.operationCount } }

    /// Fails the `number`-th operation from now, once. A failed sync marks its pages clean.
    package func failOperation(_ number: Int, with code: Int32) {
        state.withLock { $0.faults.fail(number, with: code) }
    }

    /// The `number`-th operation from now does not happen, nor does any after it: they throw, and
    /// `crash` or `crashStates` gives what is left.
    package func cutPower(at number: Int) {
        state.withLock { $0.faults.cutPower(at: number) }
    }

    package var isPowerCut: Bool { state.withLock { $0.faults.isPowerCut } }

    /// The bytes that all files together may take.
    package var capacityBytes: Int {
        get { state.withLock { $0.faults.capacityBytes } }
        set { state.withLock { $0.faults.capacityBytes = newValue } }
    }

    /// The directory of which syncs, also of the files in it, only say that they are done.
    package var ignoredSyncs: String? {
        get { state.withLock { $0.faults.ignoredSyncs } }
        set { state.withLock { $0.faults.ignoredSyncs = newValue } }
    }

    /// Reads that touch these bytes fail from now on.
    package func failReads(_ path: String, _ range: Range<Int>, with code: Int32 = EIO) {
        state.withLock { $0.faults.failReads(path, range, with: code) }
    }

    /// Flips bits of a byte, on the medium.
    package func corrupt(_ path: String, _ offset: Int, bits: UInt8) {
        damage(path, offset..<(offset + 1)) { $0 ^= bits }
    }

    package func zero(_ path: String, _ range: Range<Int>) { damage(path, range) { $0 = 0 } }

    private func damage(_ path: String, _ range: Range<Int>, _ change: (inout UInt8) -> Void) {
        state.withLock { state in
            guard let inode = state.names.current.files[path] else {
                preconditionFailure("no file \(path)")
            }
            state.inodes[inode]?.damage(range, change)
        }
    }

    /// What files there are, by name.
    package var paths: [String] { state.withLock { $0.names.current.files.keys.sorted() } }

    /// Other bytes in the place of some, on the medium: what a write leaves that went astray.
    package func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) {
        for (index, byte) in bytes.enumerated() {
            damage(path, (offset + index)..<(offset + index + 1)) { $0 = byte }
        }
    }

    /// A file as reads see it; nil if there is none.
    package func content(of path: String) -> [UInt8]? {
        state.withLock { state in
            state.names.current.files[path].flatMap { state.inodes[$0]?.cached }
        }
    }

    /// Puts a file there, durably, as an operator with a backup would.
    package func place(_ content: [UInt8], at path: String) {
        state.withLock { state in
            let inode = state.nextInode
            state.nextInode += 1
            var file = SimulatedInode()
            content.withUnsafeBytes { file.write($0, at: 0) }
            file.sync()
            state.inodes[inode] = file
            state.names.make(.link(path: path, inode: inode))
            state.names.sync(parentDirectory(of: path))
        }
    }
}
