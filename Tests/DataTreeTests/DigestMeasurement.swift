import DataTree
import Foundation
import Testing
import ZKWire

/// Not a test: prints what the digest costs, beside the same without. To be run in release:
///
///     ZKNODE_MEASURE=1 swift test -c release --filter DigestMeasurement
@Suite(
    "DigestMeasurement",
    .enabled(if: ProcessInfo.processInfo.environment["ZKNODE_MEASURE"] != nil), .serialized)
struct DigestMeasurement {
    private static let count = 1_000_000

    @Test("creates, sets and loads, without and with a digest", arguments: [100, 1024])
    func measure(size: Int) throws {
        for keepsDigest in [false, true, false, true] {
            let tree = DataTree(seed: 5)
            if keepsDigest { tree.keepDigest() }
            let count = size > 500 ? DigestMeasurement.count / 4 : DigestMeasurement.count
            let label = "\(size) bytes, \(keepsDigest ? "digest" : "none")"
            report("\(label): create", count) { create(tree, count, size) }
            report("\(label): set", count) { set(tree, count, size) }
            let bytes = tree.snapshot()
            var loaded: DataTree?
            try report("\(label): load", count) {
                loaded = try loadSnapshot(bytes, zxid: .zero, keepsDigest: keepsDigest)
            }
            #expect(loaded?.digestValue == tree.digestValue)
            if keepsDigest { report("\(label): compute", count) { loaded?.keepDigest() } }
        }
    }

    private func create(_ tree: DataTree, _ count: Int, _ size: Int) {
        let data = [UInt8](repeating: 7, count: size)
        var nobody = NoObserver()
        for number in 0..<count {
            path(number) { path in
                data.withByteView { data in
                    open.withByteView { acl in
                        let create = CreateTxn(
                            path: path, data: data, acl: acl, kind: .persistent,
                            parentCVersion: Int32(number + 1))
                        tree.apply(header(.create, number + 1), .create(create), observer: &nobody)
                    }
                }
            }
        }
    }

    /// In an order without locality.
    private func set(_ tree: DataTree, _ count: Int, _ size: Int) {
        let data = [UInt8](repeating: 9, count: size)
        var nobody = NoObserver()
        for number in 0..<count {
            path(number * 7919 % count) { path in
                data.withByteView { data in
                    tree.apply(
                        header(.setData, count + number + 1),
                        .setData(path: path, data: data, version: 1), observer: &nobody)
                }
            }
        }
    }

    private let open: [UInt8] = {
        let writer = ByteWriter()
        writer.writeACL(ACLEntry.openUnsafe)
        return writer.bytes
    }()

    private let scratch = ByteWriter(capacity: 64)

    /// "/n" and twelve digits.
    private func path(_ number: Int, _ body: (ByteView) -> Void) {
        scratch.removeAll()
        scratch.writeInt8(0x2F)
        scratch.writeInt8(0x6E)
        var place = 100_000_000_000
        while place > 0 {
            scratch.writeInt8(Int8(0x30 + number / place % 10))
            place /= 10
        }
        body(scratch.view)
    }

    private func header(_ op: OpCode, _ zxid: Int) -> TxnHeader {
        TxnHeader(
            session: .none, cxid: 0, zxid: Zxid(rawValue: Int64(zxid)), time: 1, type: op.rawValue)
    }

    private func report(_ name: String, _ count: Int, _ body: () throws -> Void) rethrows {
        var start = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
        try body()
        var end = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
        let nanoseconds = (end.tv_sec - start.tv_sec) * 1_000_000_000 + end.tv_nsec - start.tv_nsec
        print("\(name): \(nanoseconds / count) ns")
    }
}
