import ZKWire

// What goes wrong between the machines.
extension FaultInjector {
    func breakConnection() {
        guard !network.sockets.isEmpty else { return }
        run.figures.breakages += 1
        network.breakConnection(chance.pick(network.sockets))
    }

    /// Cuts paths of all connections, of servers mostly.
    func partition() {
        run.figures.partitions += 1
        cut(chance.percent(80) ? serverPaths() : clientPaths())
    }

    /// Cuts what goes to one kind of port, both ways or one way: who can be elected may not be able
    /// to lead, and who serves may not be heard.
    func cutPort() {
        run.figures.portCuts += 1
        let port = chance.pick([Port.quorum, .quorum, .election, .client])
        let paths = port == .client ? clientPaths() : serverPaths()
        cut(paths.map { Path(from: $0.from, to: $0.to, port: port) })
    }

    private func cut(_ paths: [Path]) {
        cut(paths, for: chance.span(.milliseconds(50) ... .seconds(8)))
    }

    func cut(_ paths: [Path], for span: Span) {
        run.note(nil, "cut for \(span): \(paths)")
        for path in paths { network.cut(path) }
        run.after(span) { [self] in for path in paths { network.heal(path) } }
    }

    private func serverPaths() -> [Path] {
        let servers = machines.map(\.host)
        let one = chance.pick(servers)
        let others = servers.filter { $0 != one }
        switch chance.below(7) {
        case 0:  // one of them, as far as the others are concerned
            return both(others.map { Path(from: one, to: $0) })
        case 1:  // a pair: the others see both
            return oneWayOrBoth([Path(from: one, to: chance.pick(others))])
        case 2:  // two groups
            return oneWayOrBoth(between(servers.filter { _ in chance.percent(50) }, servers))
        case 3:  // two groups, and one that sees both
            let left = others.filter { _ in chance.percent(50) }
            return both(between(left, others))
        case 4:  // hears nothing
            return others.map { Path(from: $0, to: one) }
        case 5:  // is not heard
            return others.map { Path(from: one, to: $0) }
        default:  // three groups: the last one alone where there are five
            let order = servers.sorted { _, _ in chance.percent(50) }
            let first = Array(order.prefix(2))
            let rest = Array(order.dropFirst(2))
            return both(between(first, servers) + between(Array(rest.prefix(2)), rest))
        }
    }

    private func clientPaths() -> [Path] {
        let server = chance.pick(machines).host
        let affected = chance.percent(50) ? clients : [chance.pick(clients)]
        return oneWayOrBoth(affected.map { Path(from: $0, to: server) })
    }

    private func between(_ group: [Host], _ all: [Host]) -> [Path] {
        group.flatMap { one in
            all.filter { !group.contains($0) }.map { Path(from: one, to: $0) }
        }
    }

    func both(_ paths: [Path]) -> [Path] { paths + paths.map(\.back) }

    private func oneWayOrBoth(_ paths: [Path]) -> [Path] {
        switch chance.below(10) {
        case 0, 1: paths
        case 2: paths.map(\.back)
        default: both(paths)
        }
    }

    // MARK: Slowness

    /// A path that takes little at a time, or on which everything comes late.
    func slowPath() {
        let servers = machines.map(\.host)
        let leader = chance.oneIn(3) ? leading?.host : nil
        let to = chance.pick(servers.filter { $0 != leader })
        let from = leader ?? chance.pick(servers.filter { $0 != to } + clients)
        let span = chance.span(.milliseconds(200) ... .seconds(8))
        let path = Path(from: from, to: to)
        let paths = leader == nil ? oneWayOrBoth([path]) : [path]
        // So that a learner is sent more than it can take.
        if leader != nil { run.rush(for: min(span, .seconds(3))) }
        if chance.percent(50) {
            let rate = chance.pick(leader == nil ? [1000, 5000, 50_000] : [500, 2000])
            run.figures.narrowPaths += 1
            run.note(nil, "\(rate) bytes per second for \(span): \(paths)")
            for path in paths { network.limit(path, to: rate) }
            run.after(span) { [self] in for path in paths { network.limit(path, to: nil) } }
        } else {
            let extra = chance.span(.milliseconds(50) ... .seconds(5))
            run.figures.latePaths += 1
            run.note(nil, "\(extra) later for \(span): \(paths)")
            for path in paths { network.delay(path, by: extra) }
            run.after(span) { [self] in for path in paths { network.delay(path, by: nil) } }
        }
    }
}
