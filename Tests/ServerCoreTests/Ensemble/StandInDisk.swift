import DataTree
import ServerCore
import ZKWire
import Zab

/// A member's disk: what is durable, and what it was asked for and has not done.
struct StandInDisk {
    struct Record {
        let zxid: Zxid
        let payload: [UInt8]
    }

    enum Order {
        case append(TxnBatch)
        case storage(StorageOrder)
    }

    /// All there ever was: a stand-in needs no snapshots.
    var records: [Record] = []
    var epochs = Epochs(accepted: Epoch(rawValue: 0), current: Epoch(rawValue: 0))
    var queue: [Order] = []

    var last: Zxid { records.last?.zxid ?? .zero }

    mutating func append(_ batch: TxnBatch) {
        for entry in batch.entries {
            records.append(Record(zxid: entry.zxid, payload: [UInt8](batch.payload(entry))))
        }
    }

    mutating func truncate(to zxid: Zxid) { records.removeAll { $0.zxid > zxid } }

    /// What recovery would load.
    func makeTree() -> DataTree {
        let tree = DataTree()
        var observer = NoObserver()
        for record in records {
            record.payload.withByteView { bytes in
                guard let payload = try? ProposalPayload(bytes) else {
                    preconditionFailure("\(record.zxid) cannot be read back")
                }
                tree.apply(payload.header, payload.txn, observer: &observer)
            }
        }
        return tree
    }
}
