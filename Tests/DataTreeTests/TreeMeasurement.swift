import DataTree
import Foundation
import Testing
import ZKWire

/// Not a test: prints what a znode costs in memory and an operation in time. To be run in release:
///
///     ZKNODE_MEASURE=1 swift test -c release --filter TreeMeasurement
@Suite(
    "TreeMeasurement", .enabled(if: ProcessInfo.processInfo.environment["ZKNODE_MEASURE"] != nil))
struct TreeMeasurement {
    private static let count = 1_000_000
    private let clock = ProcessorClock()

    /// "/bench/n00000000nnnn": 20 bytes.
    private func path(_ number: Int) -> String {
        let digits = String(number)
        return "/bench/n" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(
            separator: " ")
        return (Int(fields[1]) ?? 0) * 4096
    }

    private func report(_ name: String, _ duration: Duration, operations: Int = count) {
        let nanoseconds =
            Double(duration.components.attoseconds) / 1e9
            + Double(duration.components.seconds) * 1e9
        print("\(name): \(Int(nanoseconds / Double(operations))) ns")
    }

    /// Encoded once and walked by offset, so that the harness itself costs little.
    private struct Batch {
        let writer: ByteWriter
        var offsets: [Int] = []

        /// Sized at once: memory that growth leaves free would hide what the tree takes.
        init(sizeBytes: Int) {
            writer = ByteWriter(capacity: sizeBytes)
            offsets.reserveCapacity(count)
        }

        func view(_ index: Int) -> ByteView {
            let end = index + 1 < offsets.count ? offsets[index + 1] : writer.count
            return writer.view[view: offsets[index]..<end]
        }

        mutating func add(_ encode: (ByteWriter) -> Void) {
            offsets.append(writer.count)
            encode(writer)
        }
    }

    private func apply(_ batch: Batch, op: OpCode, to tree: DataTree, from zxid: Int64) {
        var nobody = NoObserver()
        for index in batch.offsets.indices {
            var reader = JuteReader(batch.view(index))
            let header = TxnHeader(
                session: .none, cxid: 0, zxid: Zxid(rawValue: zxid + Int64(index)), time: 1,
                type: op.rawValue)
            guard let txn = try? reader.readTxn(type: op.rawValue) else { return }
            tree.apply(header, txn, observer: &nobody)
        }
    }

    @Test("one million znodes")
    func measure() throws {
        let count = TreeMeasurement.count
        let value = [UInt8](repeating: 7, count: 100)
        var creates = Batch(sizeBytes: 200 * count)
        for number in 0..<count {
            let txn = TestCreate(path: path(number), data: value, parentCVersion: Int32(number + 1))
            creates.add { txn.encode(into: $0) }
        }
        let tree = DataTree(seed: 5)
        var history = History(startingAfter: 0)
        let parent = TestCreate(path: "/bench", parentCVersion: 1)
        tree.apply(history.add(.create) { parent.encode(into: $0) })

        let before = try residentBytes()
        report("create", clock.measure { apply(creates, op: .create, to: tree, from: 2) })
        let after = try residentBytes()
        print("memory: \(Double(after - before) / Double(count)) bytes a znode")

        var random = SplitMix(seed: 3)
        var paths = Batch(sizeBytes: 20 * count)
        var sets = Batch(sizeBytes: 150 * count)
        for number in (0..<count).shuffled(using: &random) {
            let path = path(number)
            paths.add { writer in path.withByteView { writer.writeRaw($0) } }
            sets.add { $0.writeSetData(path, value, version: 1) }
        }
        var found = 0
        report(
            "find, random order",
            clock.measure {
                for index in 0..<count where tree.find(paths.view(index)) != nil { found += 1 }
            })
        report("find, data and stat encoded", clock.measure { get(paths, count, from: tree) })
        report(
            "set, random order",
            clock.measure { apply(sets, op: .setData, to: tree, from: 2_000_000) })
        #expect(found == count)
        try measureWalkAndLoad(tree)
        measureFew(tree)
    }

    private func get(_ paths: Batch, _ modulus: Int, from tree: DataTree) {
        let writer = ByteWriter(capacity: 256)
        for index in 0..<TreeMeasurement.count {
            guard let ref = tree.find(paths.view(index % modulus)) else { continue }
            writer.removeAll()
            writer.writeNullableBuffer(tree.data(of: ref))
            writer.writeStat(tree.stat(of: ref))
        }
    }

    private func measureWalkAndLoad(_ tree: DataTree) throws {
        let stream = ByteWriter(capacity: 1 << 20)
        var slices: [Duration] = []
        report(
            "walk",
            clock.measure {
                let walk = tree.beginWalk(into: stream)
                var isUnderWay = true
                while isUnderWay {
                    stream.removeAll()
                    slices.append(
                        clock.measure {
                            isUnderWay = walk.next(maximumBytes: 1 << 18, into: stream)
                        })
                }
            })
        slices.sort()
        print("slices of 256 KiB: median \(slices[slices.count / 2]), slowest \(slices.last!)")
        let bytes = tree.snapshot()
        var loaded: DataTree?
        for _ in 0..<2 {
            loaded = nil
            let time = try clock.measure { loaded = try loadSnapshot(bytes, zxid: .zero) }
            report("load", time)
        }
        #expect(loaded?.nodeCount == tree.nodeCount)
    }

    /// The same with everything in the caches.
    private func measureFew(_ tree: DataTree) {
        var paths = Batch(sizeBytes: 20_000)
        for number in 0..<1000 {
            let path = path(number * 7)
            paths.add { writer in path.withByteView { writer.writeRaw($0) } }
        }
        var found = 0
        report(
            "find, 1000 paths",
            clock.measure {
                for index in 0..<TreeMeasurement.count
                where tree.find(paths.view(index % 1000)) != nil { found += 1 }
            })
        #expect(found == TreeMeasurement.count)
        report(
            "find, data and stat encoded, 1000 paths",
            clock.measure { get(paths, 1000, from: tree) })
    }
}

/// Time that this thread was on a processor, so that other work on the machine shows less.
private struct ProcessorClock {
    func measure<E: Error>(_ body: () throws(E) -> Void) throws(E) -> Duration {
        let start = now()
        try body()
        return now() - start
    }

    private func now() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
