import ServerCore
import ZKWire

// What clients ask for: few paths, so that they meet.
extension SimulatedClient {
    private static let paths = ["/a", "/b", "/c", "/d", "/a/x", "/a/y", "/b/x", "/b/y", "/c/z"]
    private static let parents = ["/a", "/b", "/c", "/d"]

    private func add(_ kind: Request.Kind) -> Int32 {
        let xid = nextXid()
        run.note(host, "asks \(xid): \(kind)")
        owed.append(Request(xid: xid, kind: kind, floor: ghost.acknowledged))
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
        case 0..<20: sendCreate(chance.pick(SimulatedClient.paths))
        case 20..<28: sendCreateSequential()
        case 28..<36: sendCreateEphemeral()
        case 36..<51: if chance.oneIn(40) { sendMalformedSet() } else { sendSet() }
        case 51..<59: sendDelete()
        case 59..<64: sendMulti()
        case 64..<66: sendSetACL()
        case 66..<80: sendGetData(chance.pick(SimulatedClient.paths))
        case 80..<85: sendExists(chance.pick(SimulatedClient.paths))
        case 85..<90: sendGetChildren(chance.pick(SimulatedClient.parents + ["/"]))
        case 90..<94: sendWatchRequest()
        case 94..<98: sendSync()
        case 98: if chance.oneIn(run.options.stays) { sendClose() }
        default: if chance.oneIn(run.options.stays) { disconnect() }
        }
    }

    private func sendCreate(_ path: String) {
        let (type, mode) = chance.pick(SimulatedClient.kinds)
        let data = text()
        let isSecret = chance.oneIn(8)
        let ttl = 200 + Int64(chance.below(3000))
        let acl = isSecret ? SimulatedClient.secretACL : list()
        send(xid: add(.write(type, path: path, guarding: PathHistory.parent(of: path))), type) {
            $0.writeCreate(path, data, mode, acl)
            if mode.isTTL { $0.writeInt64(ttl) }
        }
    }

    /// Everybody may do everything; now and then that is a list that no other znode has.
    private func list() -> [ACLEntry] {
        guard chance.percent(run.options.ownLists) else { return ACLEntry.openUnsafe }
        names += 1
        let identity = Identity(scheme: "digest", id: "user-\(number)-\(names):password")
        return ACLEntry.openUnsafe + [ACLEntry(permissions: .read, identity: identity)]
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

    /// Mostly plain ones.
    private static let kinds: [(OpCode, CreateMode)] =
        [(OpCode, CreateMode)](repeating: (.create, .persistent), count: 5)
        + [(OpCode, CreateMode)](repeating: (.create2, .persistent), count: 5)
        + [(.createContainer, .container), (.createTTL, .persistentWithTTL)]

    private func sendCreateSequential() {
        guard queued.count < 8 else { return sendDelete() }
        let parent = chance.pick(SimulatedClient.parents)
        let mode = chance.pick([CreateMode.persistentSequential, .ephemeralSequential])
        send(xid: add(.write(.create, path: nil, guarding: parent)), .create) {
            $0.writeCreate(parent + "/q-", "", mode)
        }
    }

    private func sendCreateEphemeral() {
        let parent = chance.pick(SimulatedClient.parents)
        let path = parent + "/e\(chance.below(4))"
        send(xid: add(.write(.create, path: path, guarding: parent)), .create) {
            $0.writeCreate(path, "", .ephemeral)
        }
    }

    private func sendSet() {
        let path = chance.pick(SimulatedClient.paths)
        let version = chance.percent(70) ? -1 : Int32(chance.below(4))
        let data = text()
        send(xid: add(.write(.setData, path: path, guarding: path)), .setData) {
            $0.writeString(path)
            $0.writeString(data)
            $0.writeInt32(version)
        }
    }

    private func sendSetACL() {
        let path = chance.pick(SimulatedClient.paths)
        let isSecret = chance.percent(40)
        send(xid: add(.write(.setACL, path: path, guarding: path)), .setACL) {
            $0.writeString(path)
            $0.writeACL(isSecret ? SimulatedClient.secretACL : ACLEntry.openUnsafe)
            $0.writeInt32(-1)
        }
    }

    private func sendDelete() {
        let isQueued = !queued.isEmpty && chance.percent(60)
        let path =
            isQueued
            ? queued.remove(at: chance.below(queued.count)) : chance.pick(SimulatedClient.paths)
        let parent = PathHistory.parent(of: path)
        send(xid: add(.write(.delete, path: path, guarding: parent)), .delete) {
            $0.writeString(path)
            $0.writeInt32(-1)
        }
    }

    private func sendMulti() {
        let path = chance.pick(SimulatedClient.paths)
        let other = chance.pick(SimulatedClient.paths)
        let data = text()
        send(xid: add(.write(.multi, path: nil, guarding: nil)), .multi) { frame in
            frame.writePart(.setData) {
                $0.writeString(path)
                $0.writeString(data)
                $0.writeInt32(-1)
            }
            frame.writePart(.create) { $0.writeCreate(other, data, .persistent) }
            frame.writeMultiHeader(type: -1, isDone: true, error: -1)
        }
    }

    private func sendRead(_ kind: Request.Kind, _ type: OpCode, _ path: String, _ isWatched: Bool) {
        send(xid: add(kind), type) {
            $0.writeString(path)
            $0.writeBool(isWatched)
        }
    }

    private func sendGetData(_ path: String) {
        let isWatched = chance.percent(40)
        sendRead(.getData(path, watches: isWatched), .getData, path, isWatched)
    }

    private func sendExists(_ path: String) {
        let isWatched = chance.percent(40)
        sendRead(.exists(path, watches: isWatched), .exists, path, isWatched)
    }

    private func sendGetChildren(_ path: String) {
        let isWatched = chance.percent(30)
        sendRead(.getChildren(path, watches: isWatched), .getChildren2, path, isWatched)
    }

    /// On some paths it has persistent watches, on others recursive ones.
    private func sendWatchRequest() {
        let (path, mode) = chance.pick(SimulatedClient.watched)
        if chance.percent(30) {
            send(xid: add(.removeWatches(path)), .removeWatches) {
                $0.writeString(path)
                $0.writeInt32(WatcherType.any.rawValue)
            }
        } else {
            send(xid: add(.addWatch(path, mode)), .addWatch) {
                $0.writeString(path)
                $0.writeInt32(mode == .recursive ? 1 : 0)
            }
        }
    }

    private static let watched: [(String, ClientWatches.Modes)] = [
        ("/a", .recursive), ("/b", .persistent), ("/c", .recursive), ("/a/x", .persistent),
        ("/d", .persistent), ("/b/y", .recursive),
    ]

    // MARK: Who is who

    private static let credential = "alice:secret"

    /// Only who knows the password may do anything with it.
    fileprivate static let secretACL = [
        ACLEntry(
            permissions: .all,
            identity: Identity(
                scheme: "digest",
                id: credential.withByteView {
                    DigestScheme.identity(credential: $0, algorithm: .sha1)
                }))
    ]

    func sendAuth() {
        send(xid: SpecialXid.auth, .auth) {
            $0.writeInt32(0)
            $0.writeString("digest")
            $0.writeString(SimulatedClient.credential)
        }
    }

    private func sendSync() { send(xid: add(.sync), .sync) { $0.writeString("/") } }

    private func sendClose() {
        noteEnding()
        send(xid: add(.close), .closeSession) { _ in }
    }

    /// The watches of the connection before: those that missed something fire.
    func sendWatchesAgain() {
        send(xid: SpecialXid.setWatches, .setWatches2) { frame in
            frame.writeInt64(lastZxid.rawValue)
            for list in watches.lists {
                frame.writeInt32(Int32(list.paths.count))
                for path in list.paths { frame.writeString(path) }
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
