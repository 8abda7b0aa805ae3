import ServerCore
import ZKWire

// What clients are told, held against what is so.
extension SimulatedClient {
    private var history: PathHistory { ghost.model.history }

    package func handle(_ reply: Reply) {
        run.note(host, "is told \(reply.xid): \(reply.error) at \(reply.zxid)")
        switch reply.xid {
        case SpecialXid.notification: return handleEvent(reply)
        case SpecialXid.auth:
            return run.expect(
                reply.error == .ok, "C-02", "\(host) cannot authenticate: \(reply.error)")
        case SpecialXid.ping: return see(reply.zxid)
        case SpecialXid.setWatches:
            note(reply.zxid)
            return check(watches.restored(at: reply.zxid, since: watchesAsOf, history))
        default: break
        }
        guard let request = owed.first, request.xid == reply.xid else {
            return run.fail("C-02", "\(host) is answered \(reply.xid), owed \(owed.map(\.xid))")
        }
        owed.removeFirst()
        run.record("reply", host.number, Int(reply.xid), Int(reply.error.rawValue))
        see(reply.zxid)
        switch request.kind {
        case .write, .serviceWrite: handleWrite(request, reply)
        case .close:
            handleWrite(request, reply)
            startOver()
        case .getData(let path, let watches): handleGet(path, watches, reply, hasData: true)
        case .exists(let path, let watches): handleGet(path, watches, reply, hasData: false)
        case .getChildren(let path, let watches): handleChildren(path, watches, reply)
        case .addWatch(let path, let mode): if reply.error == .ok { watches.add(mode, path) }
        case .removeWatches(let path): handleRemoval(path, reply)
        case .sync: handleSync(request, reply)
        }
    }

    private func check(_ failure: Failure?) {
        if let failure { run.fail(failure.property, "\(host): \(failure.text)") }
    }

    /// A reply shows what was there at `zxid`.
    private func see(_ zxid: Zxid) {
        note(zxid)
        check(watches.reach(zxid, history))
    }

    // MARK: Writes

    private func handleWrite(_ request: Request, _ reply: Reply) {
        run.figures.writes += 1
        if case .sessionExpired = reply.error { return startOver() }
        if case .sessionMoved = reply.error { return }
        guard let record = ghost.model.record(of: session, request.xid) else {
            return run.fail(
                "C-06",
                "\(host): request \(request.xid) of \(session) is answered \(reply.error), uncommitted")
        }
        run.expect(
            record.zxid == reply.zxid, "C-01",
            "\(host): request \(request.xid) is \(record.zxid), the reply says \(reply.zxid)")
        run.expect(
            record.isError == isFailure(request, reply), "C-06",
            "\(host): request \(request.xid) as \(record.zxid) is answered \(reply.error)")
        run.expect(
            record.zxid > request.floor, "C-01",
            "\(host): request \(request.xid) is \(record.zxid); \(request.floor) came before it")
        ghost.acknowledge(record.zxid)
        checkPermission(request, reply)
        if case .write(.create, _, _) = request.kind, reply.error == .ok {
            var reader = JuteReader(reply.body)
            if let path = try? reader.readString(), path.contains("/q-") { queued.append(path) }
        }
        if case .serviceWrite = request.kind { noteServed() }
    }

    /// Who may not change a znode has not changed it.
    private func checkPermission(_ request: Request, _ reply: Reply) {
        guard reply.error == .ok, !isPrivileged, case .write(_, _, let guarding?) = request.kind
        else { return }
        let before = Zxid(rawValue: reply.zxid.rawValue - 1)
        run.expect(
            history.version(of: guarding, at: before)?.isSecret != true, "C-13",
            "\(host) was let do request \(request.xid) on \(guarding)")
    }

    /// A multi says in its body, by its first result, that it has failed.
    private func isFailure(_ request: Request, _ reply: Reply) -> Bool {
        guard case .write(.multi, _, _) = request.kind, reply.error == .ok else {
            return reply.error != .ok
        }
        var reader = JuteReader(reply.body)
        return (try? reader.readInt32()) == OpCode.error.rawValue
    }

    // MARK: Reads

    private func handleGet(_ path: String, _ isWatched: Bool, _ reply: Reply, hasData: Bool) {
        run.figures.reads += 1
        let right = history.version(of: path, at: reply.zxid)
        let isForbidden = !isPrivileged && right?.isSecret == true
        guard reply.error == .ok else {
            let isRight = reply.error == .noNode ? right?.stat == nil : reply.error == .noAuth
            run.expect(
                isRight && isForbidden == (reply.error == .noAuth), "C-04",
                "\(host): \(path) is answered \(reply.error) at \(reply.zxid)")
            if isWatched, !hasData, reply.error == .noNode { watches.add(.exists, path) }
            return
        }
        run.expect(!isForbidden, "C-13", "\(host) may not read \(path)")
        var reader = JuteReader(reply.body)
        do throws(DecodeError) {
            if hasData {
                let data = GhostModel.hash(try reader.readBuffer())
                run.expect(
                    data == right?.data, "C-04", "\(host): \(path) has other data at \(reply.zxid)")
            }
            let stat = try reader.readStat()
            run.expect(
                stat == right?.stat, "C-15",
                "\(host): \(path) at \(reply.zxid) is \(stat), right is \(String(describing: right))"
            )
        } catch {
            run.fail("C-00", "\(host): \(error)")
        }
        if isWatched { watches.add(.data, path) }
    }

    private func handleChildren(_ path: String, _ isWatched: Bool, _ reply: Reply) {
        run.figures.reads += 1
        let right = history.version(of: path, at: reply.zxid)
        guard reply.error == .ok, let right else {
            let isRight = reply.error == .noNode ? right?.stat == nil : right?.isSecret == true
            return run.expect(
                isRight, "C-04",
                "\(host): the children of \(path) are answered \(reply.error) at \(reply.zxid)")
        }
        run.expect(
            isPrivileged || !right.isSecret, "C-13", "\(host) may not read the children of \(path)")
        var reader = JuteReader(reply.body)
        var names: [String] = []
        try? reader.readStringVector().forEach { names.append($0.text) }
        run.expect(
            PathHistory.hash(names) == right.children, "C-04",
            "\(host): \(path) at \(reply.zxid) has \(names.sorted()), right is \(right)")
        if isWatched { watches.add(.child, path) }
    }

    private func handleSync(_ request: Request, _ reply: Reply) {
        guard reply.error == .ok else { return }
        run.expect(
            reply.zxid >= request.floor, "C-17",
            "\(host): a sync shows \(reply.zxid), \(request.floor) was acknowledged before")
        guard let former, !ghost.model.isReused(former) else { return }
        run.expect(
            ghost.model.end(of: former).map { $0 <= reply.zxid } ?? false, "C-18",
            "\(host): a sync at \(reply.zxid) does not show the end of \(former), which was told")
    }

    // MARK: Watches

    private func handleEvent(_ reply: Reply) {
        var reader = JuteReader(reply.body)
        guard let type = try? reader.readInt32(), (try? reader.readInt32()) != nil,
            let path = try? reader.readString()
        else { return run.fail("C-00", "\(host) gets an event that it cannot read") }
        run.figures.watchEvents += 1
        note(reply.zxid)
        check(
            watches.hear(
                ClientWatches.Event(type: type, path: path, zxid: reply.zxid), history))
    }

    private func handleRemoval(_ path: String, _ reply: Reply) {
        run.expect(
            (reply.error == .ok) == (watches.modes[path] != nil), "C-12",
            "\(host): the end of the watches on \(path) is answered \(reply.error)")
        watches.remove(path)
    }
}
