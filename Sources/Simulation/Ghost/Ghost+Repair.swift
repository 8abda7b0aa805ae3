import ZKWire
import Zab

// What becomes of a member whose disk is not what was written.
extension Ghost {
    /// It has found that it is damaged: until a start finds it whole it has no vote, and nobody counts
    /// on what it has.
    package func beginsRepair(_ id: ServerID, hasPromises: Bool) {
        let server = of(id)
        server.isRepairing = true
        if !hasPromises { server.hasLostPromises = true }
    }

    /// Without its promises it may only be one that has made none and does not vote.
    package func startsWithoutPromises(_ id: ServerID, _ epochs: Epochs) {
        let server = of(id)
        server.hasLostPromises = false
        expect(
            epochs.isRecovering, "P-14",
            "server \(server.id) has lost its promises, and votes with \(epochs)")
        server.reset()
    }

    /// What a repair has put together is a history without a gap, and has all of what was delivered
    /// anywhere and was durable here. An end that nobody counts on may be left out (decision 0008), and
    /// one that the others have may have been added.
    package func isRepaired(_ id: ServerID, with found: [Zxid], after start: Zxid) {
        let server = of(id)
        var last = start
        for zxid in found {
            expect(
                zxid == last.next && zxid.epoch == last.epoch
                    || zxid.epoch > last.epoch && zxid.counter == 1, "P-16",
                "the repaired log of server \(server.id) has \(zxid) after \(last)")
            last = zxid
        }
        expect(
            start <= max(server.base, committed.last ?? .zero), "P-11",
            "server \(server.id) is repaired on \(start), which is not committed")
        let has = Set(found)
        for zxid in committed.reversed() {
            if zxid <= start { break }
            expect(
                has.contains(zxid) || !server.hasDurably(zxid), "P-11",
                "server \(server.id) had \(zxid), which is delivered, and is repaired without it")
        }
        server.base = start
        server.entries = found
    }
}
