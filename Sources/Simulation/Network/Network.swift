// The network between the simulated machines: connections that deliver in order and late, that stall
// while a path is cut, and that break.
//
//  1. What a connection delivers is a prefix of what was sent by it, in order.
//  2. A path that is cut delivers nothing and loses nothing: a short cut is a delay, and a long one
//     is noticed by whoever waits, as with TCP.
//  3. The other end of a machine that has died learns of it when the path allows.

package final class Network {
    private let run: Run
    var chance: Chance
    /// The delay of one packet, from seed to seed another one.
    let latency: ClosedRange<Span>
    /// How many faults cut a path at present.
    private var cuts: [Path: Int] = [:]
    /// Bytes per second where a path is narrow.
    private var rates: [Path: Int] = [:]
    private var extraDelays: [Path: Span] = [:]
    /// When what is on a path that was narrow or late will have come.
    private var lateUntil: [Path: Int64] = [:]
    /// Who takes a connection; false: it is refused.
    var accept: (Host, Socket) -> Bool = { _, _ in false }
    /// The ends that stand.
    private(set) var sockets: [Socket] = []
    /// Every end that there was: the two of a connection hold each other until the run is over.
    private var all: [Socket] = []
    /// Ends with something to send by a path that is cut.
    private var stalled: [Socket] = []
    private var lastNumber = 0

    package init(_ run: Run, _ chance: Chance, latency: ClosedRange<Span>) {
        self.run = run
        self.chance = chance
        self.latency = latency
    }

    var now: Int64 { run.now }
    /// What may be on its way by a connection before the sender is told to wait.
    var socketBytes: Int { run.options.socketBytes }

    /// How long something takes that is sent now.
    func delay(_ path: Path) -> Span {
        let usual = chance.span(latency)
        guard !extraDelays.isEmpty, let extra = extraDelays[path.anyPort] else { return usual }
        return usual + extra
    }

    func isOpen(_ path: Path) -> Bool {
        cuts.isEmpty || (cuts[path] == nil && cuts[path.anyPort] == nil)
    }

    /// Servers hear each other, and always have of late.
    func isUntroubled(_ one: Host, _ other: Host) -> Bool {
        let paths = [Path(from: one, to: other), Path(from: other, to: one)]
        return paths.allSatisfy { path in
            isOpen(Path(from: path.from, to: path.to, port: .quorum)) && rates[path] == nil
                && extraDelays[path] == nil && lateUntil[path, default: 0] < now
        }
    }

    /// Bytes per second, where they are few.
    func rate(_ path: Path) -> Int? { rates.isEmpty ? nil : rates[path.anyPort] }

    // MARK: Connecting

    /// - Parameter done: gets the near end, or nil if nobody answered.
    func connect(
        _ from: Host, to: Host, _ port: Port, timeout: Span, _ done: @escaping (Socket?) -> Void
    ) {
        let path = Path(from: from, to: to, port: port)
        guard isOpen(path), isOpen(path.back) else { return run.after(timeout) { done(nil) } }
        run.after(delay(path)) { [self] in
            guard isOpen(path), isOpen(path.back) else { return run.after(timeout) { done(nil) } }
            let (near, far) = makePair(path)
            guard accept(to, far) else {
                forget(near)
                forget(far)
                return run.after(delay(path.back)) { done(nil) }
            }
            run.after(delay(path.back)) { done(near) }
        }
    }

    private func makePair(_ path: Path) -> (Socket, Socket) {
        lastNumber += 1
        let near = Socket(self, lastNumber, path)
        let far = Socket(self, lastNumber, path.back)
        run.census?.add(near)
        near.peer = far
        far.peer = near
        sockets += [near, far]
        all += [near, far]
        return (near, far)
    }

    func stall(_ wire: Socket) { stalled.append(wire) }

    func forget(_ wire: Socket) { sockets.removeAll { $0 === wire } }

    func after(_ delay: Span, _ action: @escaping () -> Void) { run.after(delay, action) }

    func record(_ what: StaticString, _ wire: Socket, _ count: Int) {
        run.record(what, wire.host.number, wire.remote.number, wire.number, count)
    }

    // MARK: Faults

    func cut(_ path: Path) { cuts[path, default: 0] += 1 }

    func heal(_ path: Path) {
        guard let count = cuts[path] else { return }
        cuts[path] = count > 1 ? count - 1 : nil
        guard count == 1 else { return }
        let waiting = stalled.filter { path.covers($0.path) }
        stalled.removeAll { path.covers($0.path) }
        for wire in waiting { wire.resume() }
    }

    /// - Parameter rate: bytes per second; nil: as many as come.
    func limit(_ path: Path, to rate: Int?) {
        noteLate(path)
        rates[path] = rate
    }

    /// - Parameter extra: beyond what it takes else; nil: none.
    func delay(_ path: Path, by extra: Span?) {
        noteLate(path)
        extraDelays[path] = extra
    }

    /// What is on its way may take as long as the longest delay.
    private func noteLate(_ path: Path) { lateUntil[path] = now + Span.seconds(10).nanoseconds }

    func healAll() {
        rates = [:]
        extraDelays = [:]
        for path in cuts.keys.sorted() {
            cuts[path] = 1
            heal(path)
        }
        for wire in sockets { wire.hurry() }
    }

    /// Breaks a connection: each end learns of it at its own time.
    func breakConnection(_ wire: Socket) {
        guard let peer = wire.peer else { return }
        for end in [wire, peer] { after(delay(end.path)) { end.breakOff() } }
    }

    /// The run is over.
    func end() {
        accept = { _, _ in false }
        for wire in sockets { wire.die() }
        for wire in all { wire.peer = nil }
        all = []
        stalled = []
    }

    /// A machine's process is gone, and with it its ends of all connections.
    func lose(_ host: Host) {
        for wire in sockets where wire.host == host { wire.die() }
    }
}
