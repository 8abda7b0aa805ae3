import ServerCore
import ZKWire

// What clients ask for: few paths, so that they meet.
extension SimulatedClient {
    private static let paths = ["/a", "/b", "/c", "/d", "/a/x", "/a/y", "/b/x", "/b/y", "/c/z"]
    private static let parents = ["/a", "/b", "/c", "/d"]

    private func add(_ kind: Request.Kind) -> Int32 {
        let xid = nextXid()
        world.note(host, "asks \(xid): \(kind)")
        owed.append(Request(xid: xid, kind: kind, floor: world.ghost.acknowledged))
        return xid
    }

    func sendPing() { send(xid: SpecialXid.ping, .ping) { _ in } }

    /// One that always succeeds.
    func sendServiceWrite() {
        names += 1
        let path = "/service-\(number)-\(names)-\(session.hex)"
        send(xid: add(.serviceWrite), .create) { $0.writeCreate(path, "", .ephemeral) }
    }

    func sendRandom() {
        switch chance.below(100) {
        case 0..<22: sendCreate(chance.pick(SimulatedClient.paths))
        case 22..<30: sendCreateSequential()
        case 30..<38: sendCreateEphemeral()
        case 38..<55: if chance.oneIn(40) { sendMalformedSet() } else { sendSet() }
        case 55..<63: sendDelete()
        case 63..<68: sendMulti()
        case 68..<84: sendGetData(chance.pick(SimulatedClient.paths))
        case 84..<90: sendExists(chance.pick(SimulatedClient.paths))
        case 90..<95: sendGetChildren(chance.pick(SimulatedClient.parents + ["/"]))
        case 95..<98: sendSync()
        case 98: if chance.oneIn(3) { sendClose() }
        default: if chance.oneIn(4) { disconnect() }
        }
    }

    private func sendCreate(_ path: String) {
        let mode = chance.oneIn(12) ? CreateMode.container : .persistent
        let type = mode.isContainer ? OpCode.createContainer : chance.pick([.create, .create2])
        let data = text()
        let acl = list()
        send(xid: add(.write(type)), type) { $0.writeCreate(path, data, mode, acl) }
    }

    /// Everybody may do everything; now and then that is a list that no other znode has.
    private func list() -> [ACLEntry] {
        guard chance.percent(world.options.ownLists) else { return ACLEntry.openUnsafe }
        names += 1
        let identity = Identity(scheme: "digest", id: "user-\(number)-\(names):password")
        return ACLEntry.openUnsafe + [ACLEntry(permissions: .read, identity: identity)]
    }

    private func sendCreateSequential() {
        guard queued.count < 8 else { return sendDelete() }
        let parent = chance.pick(SimulatedClient.parents)
        let mode = chance.pick([CreateMode.persistentSequential, .ephemeralSequential])
        send(xid: add(.write(.create)), .create) { $0.writeCreate(parent + "/q-", "", mode) }
    }

    private func sendCreateEphemeral() {
        let path = chance.pick(SimulatedClient.parents) + "/e\(chance.below(4))"
        send(xid: add(.write(.create)), .create) { $0.writeCreate(path, "", .ephemeral) }
    }

    private func sendSet() {
        let path = chance.pick(SimulatedClient.paths)
        let version = chance.percent(70) ? -1 : Int32(chance.below(4))
        let data = text()
        send(xid: add(.write(.setData)), .setData) {
            $0.writeString(path)
            $0.writeString(data)
            $0.writeInt32(version)
        }
    }

    /// A set without a path, which has to be refused (D14).
    private func sendMalformedSet() {
        let data = text()
        send(xid: add(.refused), .setData) {
            $0.writeString("")
            $0.writeString(data)
            $0.writeInt32(-1)
        }
    }

    private func sendDelete() {
        let isQueued = !queued.isEmpty && chance.percent(60)
        let path =
            isQueued
            ? queued.remove(at: chance.below(queued.count)) : chance.pick(SimulatedClient.paths)
        send(xid: add(.write(.delete)), .delete) {
            $0.writeString(path)
            $0.writeInt32(-1)
        }
    }

    private func sendMulti() {
        let path = chance.pick(SimulatedClient.paths)
        let other = chance.pick(SimulatedClient.paths)
        let data = text()
        send(xid: add(.write(.multi)), .multi) { frame in
            frame.writePart(.setData) {
                $0.writeString(path)
                $0.writeString(data)
                $0.writeInt32(-1)
            }
            frame.writePart(.create) { $0.writeCreate(other, data, .persistent) }
            frame.writeMultiHeader(type: -1, isDone: true, error: -1)
        }
    }

    private func sendGetData(_ path: String) {
        let watches = chance.percent(40) && self.watches[path] == nil
        send(xid: add(.getData(path, watches: watches)), .getData) {
            $0.writeString(path)
            $0.writeBool(watches)
        }
    }

    private func sendExists(_ path: String) {
        let watches = chance.percent(40) && self.watches[path] == nil
        send(xid: add(.exists(path, watches: watches)), .exists) {
            $0.writeString(path)
            $0.writeBool(watches)
        }
    }

    private func sendGetChildren(_ path: String) {
        send(xid: add(.getChildren(path)), .getChildren2) {
            $0.writeString(path)
            $0.writeBool(false)
        }
    }

    private func sendSync() { send(xid: add(.sync), .sync) { $0.writeString("/") } }

    private func sendClose() {
        noteEnding()
        send(xid: add(.close), .closeSession) { _ in }
    }

    /// The watches of the connection before: those that missed something fire.
    func sendWatchesAgain() {
        let paths = watches.keys.sorted()
        send(xid: SpecialXid.setWatches, .setWatches) { frame in
            frame.writeInt64(lastZxid.rawValue)
            let existing = paths.filter { watches[$0]?.isData == true }
            let absent = paths.filter { watches[$0]?.isData == false }
            for group in [existing, absent, []] {
                frame.writeInt32(Int32(group.count))
                for path in group { frame.writeString(path) }
            }
        }
    }

    private func text() -> String {
        String(repeating: "x", count: chance.below(chance.oneIn(20) ? 2000 : 40)) + "\(number)"
    }
}

extension ByteWriter {
    fileprivate func writeCreate(
        _ path: String, _ data: String, _ mode: CreateMode,
        _ acl: [ACLEntry] = ACLEntry.openUnsafe
    ) {
        writeString(path)
        writeString(data)
        writeACL(acl)
        writeInt32(mode.rawValue)
    }

    fileprivate func writePart(_ op: OpCode, _ write: (ByteWriter) -> Void) {
        writeMultiHeader(type: op.rawValue, isDone: false, error: -1)
        write(self)
    }
}
