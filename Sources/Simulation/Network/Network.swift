// The network between the simulated machines: connections that deliver in order and late, that stall
// while a path is cut, and that break.
//
//  1. What a connection delivers is a prefix of what was sent by it, in order.
//  2. A path that is cut delivers nothing and loses nothing: a short cut is a delay, and a long one
//     is noticed by whoever waits, as with TCP.
//  3. The other end of a machine that has died learns of it when the path allows.

/// A machine's place in the network.
package struct Host: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: Int
    package static func < (left: Host, right: Host) -> Bool { left.number < right.number }
    package var description: String { number <= 100 ? "server \(number)" : "client \(number - 100)" }
}

enum Port: Hashable {
    case client, quorum, election
}

/// One direction between two machines.
struct Path: Hashable {
    let from: Host
    let to: Host
}

final class Network {
    private unowned let world: World
    var chance: Chance
    /// The delay of one packet, from seed to seed another one.
    let latency: ClosedRange<Span>
    /// What may be on its way by a connection before the sender is told to wait.
    let highWaterBytes: Int
    private(set) var cuts: Set<Path> = []
    /// Who takes a connection; false: it is refused.
    var accept: (Host, Port, Socket) -> Bool = { _, _, _ in false }
    /// The ends that stand.
    private(set) var sockets: [Socket] = []
    /// Ends with something to send by a path that is cut.
    private var stalled: [Socket] = []
    private var lastNumber = 0

    init(_ world: World, _ chance: Chance) {
        self.world = world
        self.chance = chance
        latency = world.options.latency
        highWaterBytes = world.options.socketBytes
    }

    func delay() -> Span { chance.span(latency) }

    func isOpen(_ from: Host, _ to: Host) -> Bool { !cuts.contains(Path(from: from, to: to)) }

    // MARK: Connecting

    /// - Parameter done: gets the near end, or nil if nobody answered.
    func connect(
        _ from: Host, to: Host, _ port: Port, timeout: Span, _ done: @escaping (Socket?) -> Void
    ) {
        guard isOpen(from, to), isOpen(to, from) else {
            return world.after(timeout) { done(nil) }
        }
        world.after(delay()) { [self] in
            guard isOpen(from, to), isOpen(to, from) else {
                return world.after(timeout) { done(nil) }
            }
            let (near, far) = makePair(from, to)
            guard accept(to, port, far) else {
                forget(near)
                forget(far)
                return world.after(delay()) { done(nil) }
            }
            world.after(delay()) { done(near) }
        }
    }

    private func makePair(_ from: Host, _ to: Host) -> (Socket, Socket) {
        lastNumber += 1
        let near = Socket(self, lastNumber, at: from, to: to)
        let far = Socket(self, lastNumber, at: to, to: from)
        near.peer = far
        far.peer = near
        sockets.append(near)
        sockets.append(far)
        return (near, far)
    }

    var now: Int64 { world.now }

    func stall(_ wire: Socket) { stalled.append(wire) }

    func forget(_ wire: Socket) { sockets.removeAll { $0 === wire } }

    func after(_ delay: Span, _ action: @escaping () -> Void) {
        world.after(delay, action)
    }

    func record(_ what: StaticString, _ wire: Socket, _ count: Int) {
        world.record(what, wire.host.number, wire.remote.number, wire.number, count)
    }

    // MARK: Faults

    func cut(_ path: Path) { cuts.insert(path) }

    func heal(_ path: Path) {
        guard cuts.remove(path) != nil else { return }
        let waiting = stalled.filter { $0.host == path.from && $0.remote == path.to }
        stalled.removeAll { $0.host == path.from && $0.remote == path.to }
        for wire in waiting { wire.resume() }
    }

    func healAll() {
        for path in cuts.sorted(by: { ($0.from, $0.to) < ($1.from, $1.to) }) { heal(path) }
    }

    /// Breaks a connection: each end learns of it at its own time.
    func breakConnection(_ wire: Socket) {
        guard let peer = wire.peer else { return }
        for end in [wire, peer] { after(delay()) { end.breakOff() } }
    }

    /// The run is over.
    func end() { for wire in sockets { wire.die() } }

    /// A machine's process is gone, and with it its ends of all connections.
    func lose(_ host: Host) {
        for wire in sockets where wire.host == host { wire.die() }
    }
}
