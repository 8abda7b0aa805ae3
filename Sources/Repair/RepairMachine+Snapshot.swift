import ZKWire

/// A snapshot on its way from another member.
struct SnapshotFetch: Equatable, Sendable {
    let server: ServerID
    let offer: SnapshotOffer
    var offset: Int64 = 0
    var isChecking = false
}

extension RepairMachine {
    mutating func fetch(
        _ offer: SnapshotOffer, from server: ServerID, _ effects: inout [RepairEffect]
    ) {
        // Its file takes the place of an earlier one.
        fetchedSnapshots = []
        snapshot = SnapshotFetch(server: server, offer: offer)
        effects.append(.say("fetching server \(server)'s snapshot as of zxid \(offer.start)"))
    }

    mutating func take(
        _ bytes: [UInt8], at offset: Int64, of zxid: Zxid, _ server: ServerID,
        _ effects: inout [RepairEffect]
    ) {
        guard var fetch = snapshot, fetch.server == server, fetch.offer.start == zxid,
            fetch.offset == offset
        else { return }
        guard !bytes.isEmpty, offset + Int64(bytes.count) <= fetch.offer.sizeBytes else {
            snapshot = nil
            return update(server) { $0.badSnapshots.insert(zxid) }
        }
        effects.append(.keepSnapshot(fetch.offer, offset: offset, bytes))
        fetch.offset += Int64(bytes.count)
        if fetch.offset == fetch.offer.sizeBytes {
            fetch.isChecking = true
            effects.append(.checkSnapshot(fetch.offer))
        }
        snapshot = fetch
    }

    mutating func handleChecked(_ isGood: Bool) {
        guard let fetch = snapshot, fetch.isChecking else { return }
        snapshot = nil
        if isGood {
            fetchedSnapshots.append(fetch.offer)
        } else {
            update(fetch.server) { $0.badSnapshots.insert(fetch.offer.start) }
        }
    }

    /// What others offer that this history can stand on, newest first.
    func offers(upTo end: Zxid) -> [(server: ServerID, offer: SnapshotOffer)] {
        var found: [(server: ServerID, offer: SnapshotOffer)] = []
        for peer in peers where peer.isConnected {
            for offer in peer.status?.snapshots ?? []
            where offer.end <= end && !peer.badSnapshots.contains(offer.start) {
                found.append((peer.id, offer))
            }
        }
        // Of equals, the one of the lower id: they are in that order.
        let order = found.indices.sorted { left, right in
            let (one, other) = (found[left].offer.start, found[right].offer.start)
            return one == other ? left < right : one > other
        }
        return order.map { found[$0] }
    }
}
