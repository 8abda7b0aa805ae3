import ZKWire
import Zab

/// What one server's disk must have, and what it has told, whoever runs on it at present.
final class GhostServer {
    let id: ServerID
    /// Everything up to here is in a snapshot that was installed.
    var base = Zxid.zero
    /// What the log was given after that, in order.
    var entries: [Zxid] = []
    /// What it had before a cut that is under way.
    var uncut: [Zxid]?
    /// Where that cut is.
    var cutTarget: Zxid?
    /// The log has said that everything up to here is durable.
    var durable = Zxid.zero
    /// How far a server that served had its tree.
    var delivered = Zxid.zero
    /// The number of transactions of the common history that this is.
    var position = 0
    /// As `meta` has them.
    var epochs = Epochs(accepted: Epoch(rawValue: 0), current: Epoch(rawValue: 0))
    /// The disk has never had a history.
    var isBlank = true
    /// What it has is damaged, and no start has found it whole again.
    var isRepairing = false
    /// No copy of its promises was left.
    var hasLostPromises = false

    init(_ id: ServerID) { self.id = id }

    /// Its disk is an empty one.
    func reset() {
        (base, entries, uncut, cutTarget, durable) = (.zero, [], nil, nil, .zero)
        (delivered, position, isBlank) = (.zero, 0, true)
        (isRepairing, hasLostPromises) = (false, false)
        epochs = Epochs(accepted: Epoch(rawValue: 0), current: Epoch(rawValue: 0))
    }

    /// The end of what it has of the epochs up to this one.
    func last(upTo epoch: Epoch) -> Zxid {
        let index = index(after: Zxid(epoch: epoch, counter: .max))
        return index > 0 ? entries[index - 1] : base
    }

    var last: Zxid { entries.last ?? base }
    var mayVote: Bool { !isBlank && !isRepairing && !epochs.isRecovering }

    /// The first entry above `zxid`.
    func index(after zxid: Zxid) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle] <= zxid { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func contains(_ zxid: Zxid) -> Bool {
        if zxid <= base { return true }
        let index = index(after: zxid)
        return index > 0 && entries[index - 1] == zxid
    }

    func hasDurably(_ zxid: Zxid) -> Bool { zxid <= durable && contains(zxid) }
}
