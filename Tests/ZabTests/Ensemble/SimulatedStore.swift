import ZKWire
import Zab

/// A transaction, with what it is about.
struct Record: Equatable {
    let zxid: Zxid
    let payload: [UInt8]
}

/// What a server's disk has for good. The log goes back to `logBase`; what is before that is in a
/// snapshot only.
struct SimulatedStore {
    var epochs = Epochs(accepted: Epoch(rawValue: 0), current: Epoch(rawValue: 0))
    var records: [Record] = []
    var logBase = Zxid.zero
    /// Nothing says that this is not a blank disk.
    var wasBlank = false

    var last: Zxid { records.last?.zxid ?? .zero }
    var isBlank: Bool { wasBlank && epochs == SimulatedStore().epochs }

    /// The records up to `zxid`.
    func prefix(through zxid: Zxid) -> [Record] { Array(records.prefix { $0.zxid <= zxid }) }
    func contains(_ zxid: Zxid) -> Bool { index(of: zxid) != nil }

    func index(of zxid: Zxid) -> Int? {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].zxid < zxid { low = middle + 1 } else { high = middle }
        }
        return low < records.count && records[low].zxid == zxid ? low : nil
    }
}

/// Work of a server's log thread, one after the other.
enum StorageJob {
    case append([Record])
    case writeEpochs(Epochs)
    case truncate(to: Zxid, rebuilds: Bool)
    case install(LinkID, zxid: Zxid)
    case replaceTree(LinkID)
}
