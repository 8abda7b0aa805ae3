import DataTree
import Recovery
import Snapshot
import TxnLog
import ZKWire

/// An operation that is measured.
struct Operation {
    var name: String
    /// How many of it one round does.
    var count: Int
    private let make: () throws -> () -> Void

    init(_ name: String, count: Int, _ make: @escaping () throws -> () -> Void) {
        self.name = name
        self.count = count
        self.make = make
    }

    func prepare() throws -> PreparedOperation { PreparedOperation(count: count, body: try make()) }
}

enum Operations {
    /// Requests that one connection has in flight, and a batch of the log.
    private static let batch = 16
    private static let turns = 64
    private static let requests = batch * turns
    private static let znodes = 10_000
    private static let value = [UInt8](repeating: 120, count: 1024)

    static var all: [Operation] {
        [
            Operation("decode-get", count: requests) { try decodeGets() },
            Operation("decode-set", count: requests) { try decodeSets() },
            Operation("get-path", count: requests) { try server { $0.get($1) } },
            Operation("set-path", count: requests) { try server { $0.set($1) } },
            Operation("apply-set", count: requests) { applySets() },
            Operation("log-append", count: requests) { try appendToLog() },
            Operation("snapshot-encode", count: znodes) { encodeSnapshots() },
            Operation("snapshot-load", count: znodes) { try loadSnapshots() },
        ]
    }

    // MARK: The codec

    /// Header and body of a get.
    private static func decodeGets() throws -> () -> Void {
        let frame = Frames.get(0, xid: 1)
        return decode(frame.view) { (reader) throws(DecodeError) in
            _ = try reader.readRequestHeader()
            return try reader.readReadRequest().path.count
        } keeping: { frame }
    }

    /// Header and body of a set of 1 KiB.
    private static func decodeSets() throws -> () -> Void {
        let frame = Frames.set(0, value: value, xid: 1)
        return decode(frame.view) { (reader) throws(DecodeError) in
            _ = try reader.readRequestHeader()
            return try reader.readSetDataRequest().path.count
        } keeping: { frame }
    }

    private static func decode(
        _ frame: ByteView, _ read: @escaping (inout JuteReader) throws(DecodeError) -> Int,
        keeping owner: @escaping () -> ByteWriter
    ) -> () -> Void {
        {
            var total = 0
            for _ in 0..<requests {
                var reader = JuteReader(frame[view: 4..<frame.count])
                do throws(DecodeError) {
                    total &+= try read(&reader)
                } catch {
                    preconditionFailure("a request does not decode: \(error)")
                }
            }
            precondition(total > 0 && owner().count == frame.count)
        }
    }

    // MARK: The server

    /// Turns in which one client's batch of requests comes and is answered.
    private static func server(
        _ frames: @escaping (MicroServer, Int) -> Void
    ) throws -> () -> Void {
        let server = try MicroServer(znodes: 1000, value: value, batch: batch)
        return { for turn in 0..<turns { frames(server, turn) } }
    }

    // MARK: The engine

    /// Decodes a set of 1 KiB as the log has it and changes the tree.
    private static func applySets() -> () -> Void {
        let tree = SampleTree.make(znodes: 1000, value: value)
        let payload = ByteWriter()
        var zxid: Int64 = 1_000_000
        var version: Int32 = 0
        return {
            for number in 0..<requests {
                zxid += 1
                if number % 1000 == 0 { version += 1 }
                payload.removeAll()
                SampleTree.writeSet(
                    number % 1000, value: value, version: version, zxid: zxid, into: payload)
                SampleTree.apply(payload.view, to: tree)
            }
        }
    }

    /// Batches of sets of 1 KiB, from frozen batch to the watermark.
    private static func appendToLog() throws -> () -> Void {
        let disk = MemoryDisk()
        let (log, _) = try TxnLog.open(
            disk: disk, directory: "log",
            configuration: TxnLogConfiguration(ensembleID: 1, saltSeed: 1))
        var zxid: Int64 = 0
        return {
            for _ in 0..<turns {
                let entries = TxnBatch(capacity: 32 << 10)
                for number in 0..<batch {
                    zxid += 1
                    let offset = entries.payloads.count
                    SampleTree.writeSet(
                        number, value: value, version: 1, zxid: zxid, into: entries.payloads)
                    entries.endEntry(zxid: Zxid(rawValue: zxid), from: offset)
                }
                entries.freeze()
                do throws(TxnLogError) {
                    _ = try log.append([entries])
                } catch {
                    preconditionFailure("a disk in memory failed: \(error)")
                }
            }
        }
    }

    /// A walk over the tree in slices, through the writer of snapshots.
    private static func encodeSnapshots() -> () -> Void {
        let tree = SampleTree.make(znodes: znodes, value: Array(value.prefix(100)))
        let disk = MemoryDisk()
        return { SampleTree.writeSnapshot(of: tree, on: disk) }
    }

    private static func loadSnapshots() throws -> () -> Void {
        let tree = SampleTree.make(znodes: znodes, value: Array(value.prefix(100)))
        let disk = MemoryDisk()
        SampleTree.writeSnapshot(of: tree, on: disk)
        let name = SnapshotName(zxid: tree.lastProcessedZxid)
        let reader = SnapshotReader(disk, directory: "snapshot")
        return {
            do {
                var sink = TreeSink(seed: 1)
                _ = try reader.load(name, into: &sink)
                let loaded = try sink.finish(lastProcessedZxid: tree.lastProcessedZxid)
                precondition(loaded.nodeCount == tree.nodeCount)
            } catch {
                preconditionFailure("a snapshot does not load: \(error)")
            }
        }
    }
}
