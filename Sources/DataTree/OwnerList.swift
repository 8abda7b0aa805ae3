import ZKWire

/// A list of znodes of one owner, linked through their extensions; the newest comes first.
struct OwnerList {
    var first = NodeRef.none
    var count = 0
}

extension DataTree {
    /// Enters a new znode into the list that its owner field calls for.
    func enterOwnerList(_ ref: NodeRef) {
        switch NodeKind(ephemeralOwner: store.block(ref).ephemeralOwner) {
        case .persistent: break
        case .ephemeral(let session):
            link(ref, into: &ephemerals[session, default: OwnerList()])
            ephemeralsCount += 1
        case .container: link(ref, into: &containers)
        case .ttl: link(ref, into: &ttls)
        }
    }

    func leaveOwnerList(_ ref: NodeRef) {
        switch NodeKind(ephemeralOwner: store.block(ref).ephemeralOwner) {
        case .persistent: break
        case .ephemeral(let session):
            unlink(ref, from: &ephemerals[session, default: OwnerList()])
            if ephemerals[session]?.count == 0 { ephemerals[session] = nil }
            ephemeralsCount -= 1
        case .container: unlink(ref, from: &containers)
        case .ttl: unlink(ref, from: &ttls)
        }
    }

    private func link(_ ref: NodeRef, into list: inout OwnerList) {
        let extended = store.block(ref).extended
        extended.pointee.previousOwned = .none
        extended.pointee.nextOwned = list.first
        if !list.first.isNone { store.block(list.first).extended.pointee.previousOwned = ref }
        list.first = ref
        list.count += 1
    }

    private func unlink(_ ref: NodeRef, from list: inout OwnerList) {
        let extended = store.block(ref).extended.pointee
        if extended.previousOwned.isNone {
            list.first = extended.nextOwned
        } else {
            store.block(extended.previousOwned).extended.pointee.nextOwned = extended.nextOwned
        }
        if !extended.nextOwned.isNone {
            store.block(extended.nextOwned).extended.pointee.previousOwned = extended.previousOwned
        }
        list.count -= 1
    }
}
