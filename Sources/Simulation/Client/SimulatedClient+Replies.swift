import ServerCore
import ZKWire

// What clients are told, held against what is so.
extension SimulatedClient {
    private var ghost: Ghost { world.ghost }

    func handle(_ reply: Reply) {
        world.note(host, "is told \(reply.xid): \(reply.error) at \(reply.zxid)")
        switch reply.xid {
        case SpecialXid.notification: return handleEvent(reply)
        case SpecialXid.ping: return note(reply.zxid)
        case SpecialXid.setWatches:
            areWatchesSet = true
            forgetPassing(reply.zxid)
            return checkWatches(reply.zxid)
        default: break
        }
        guard let request = owed.first, request.xid == reply.xid else {
            return ghost.fail("C-02", "\(host) is answered \(reply.xid), owed \(owed.map(\.xid))")
        }
        owed.removeFirst()
        world.record("reply", host.number, Int(reply.xid), Int(reply.error.rawValue))
        note(reply.zxid)
        checkWatches(reply.zxid)
        switch request.kind {
        case .write, .serviceWrite: handleWrite(request, reply)
        case .refused:
            ghost.expect(
                reply.error != .ok, "C-06", "\(host): request \(request.xid) is not refused")
            handleWrite(request, reply)
        case .close:
            handleWrite(request, reply)
            startOver()
        case .getData(let path, let watches): handleGet(path, watches, reply, hasData: true)
        case .exists(let path, let watches): handleGet(path, watches, reply, hasData: false)
        case .getChildren(let path): handleChildren(path, reply)
        case .sync:
            ghost.expect(
                reply.error != .ok || reply.zxid >= request.floor, "C-17",
                "\(host): a sync shows \(reply.zxid), \(request.floor) was acknowledged before")
        }
    }

    // MARK: Writes

    private func handleWrite(_ request: Request, _ reply: Reply) {
        world.figures.writes += 1
        if case .sessionExpired = reply.error { return startOver() }
        if case .sessionMoved = reply.error { return }
        guard let record = ghost.model.record(of: session, request.xid) else {
            return ghost.fail(
                "C-06",
                "\(host): request \(request.xid) of \(session) is answered \(reply.error), uncommitted")
        }
        ghost.expect(
            record.zxid == reply.zxid, "C-01",
            "\(host): request \(request.xid) is \(record.zxid), the reply says \(reply.zxid)")
        ghost.expect(
            record.isError == isFailure(request, reply), "C-06",
            "\(host): request \(request.xid) as \(record.zxid) is answered \(reply.error)")
        ghost.expect(
            record.zxid > request.floor, "C-01",
            "\(host): request \(request.xid) is \(record.zxid); \(request.floor) came before it")
        ghost.acknowledge(record.zxid)
        if case .write(.create) = request.kind, reply.error == .ok {
            var reader = JuteReader(reply.body)
            if let path = try? reader.readString(), path.contains("/q-") { queued.append(path) }
        }
        if case .serviceWrite = request.kind { noteServed() }
    }

    /// A multi says in its body, by its first result, that it has failed.
    private func isFailure(_ request: Request, _ reply: Reply) -> Bool {
        guard case .write(.multi) = request.kind, reply.error == .ok else {
            return reply.error != .ok
        }
        var reader = JuteReader(reply.body)
        return (try? reader.readInt32()) == OpCode.error.rawValue
    }

    // MARK: Reads

    private func handleGet(_ path: String, _ watches: Bool, _ reply: Reply, hasData: Bool) {
        world.figures.reads += 1
        let right = ghost.model.version(of: path, at: reply.zxid)
        guard reply.error == .ok else {
            ghost.expect(
                reply.error == .noNode && right?.stat == nil, "C-04",
                "\(host): \(path) is answered \(reply.error) at \(reply.zxid)")
            if watches, !hasData {
                self.watches[path] = Watch(zxid: reply.zxid, isData: false)
            }
            return
        }
        var reader = JuteReader(reply.body)
        do throws(DecodeError) {
            if hasData {
                let data = GhostModel.hash(try reader.readBuffer())
                ghost.expect(
                    data == right?.data, "C-04",
                    "\(host): \(path) has other data at \(reply.zxid)")
            }
            let stat = try reader.readStat()
            ghost.expect(
                stat == right?.stat, "C-15",
                "\(host): \(path) at \(reply.zxid) is \(stat), right is \(String(describing: right))"
            )
        } catch {
            ghost.fail("C-00", "\(host): \(error)")
        }
        if watches { self.watches[path] = Watch(zxid: reply.zxid, isData: true) }
    }

    private func handleChildren(_ path: String, _ reply: Reply) {
        world.figures.reads += 1
        guard reply.error == .ok else { return }
        guard let right = ghost.model.version(of: path, at: reply.zxid) else { return }
        var reader = JuteReader(reply.body)
        var names: [String] = []
        try? reader.readStringVector().forEach { names.append($0.text) }
        ghost.expect(
            GhostModel.hash(names) == right.children, "C-04",
            "\(host): \(path) at \(reply.zxid) has \(names.sorted()), right is \(right)")
    }

    // MARK: Watches

    private func handleEvent(_ reply: Reply) {
        var reader = JuteReader(reply.body)
        guard let type = try? reader.readInt32(), (try? reader.readInt32()) != nil,
            let path = try? reader.readString()
        else { return ghost.fail("C-00", "\(host) gets an event that it cannot read") }
        world.figures.watchEvents += 1
        guard let watch = watches.removeValue(forKey: path) else {
            return ghost.fail("C-12", "\(host): event \(type) of \(path), which it does not watch")
        }
        ghost.expect(
            ghost.model.firstDataChange(of: path, after: watch.zxid) != nil, "C-12",
            "\(host): event \(type) of \(path), unchanged since \(watch.zxid)")
    }

    /// A znode that came and went while nobody looked is told by no event: setWatches looks only at
    /// what is there now.
    private func forgetPassing(_ zxid: Zxid) {
        for path in watches.keys.sorted() where watches[path]?.isData == false {
            guard ghost.model.version(of: path, at: zxid)?.stat == nil else { continue }
            watches[path] = Watch(zxid: zxid, isData: false)
        }
    }

    /// C-11: whoever sees what came with or after a change has had the event.
    private func checkWatches(_ zxid: Zxid) {
        guard areWatchesSet else { return }
        for path in watches.keys.sorted() {
            guard let watch = watches[path],
                let change = ghost.model.firstDataChange(of: path, after: watch.zxid)
            else { continue }
            ghost.expect(
                change > zxid, "C-11",
                "\(host) sees \(zxid) without the event of \(change) for \(path)")
        }
    }
}
