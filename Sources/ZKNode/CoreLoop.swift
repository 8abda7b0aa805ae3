// The one loop that owns the state: sockets by default too. It reads both clocks, steps the core and
// carries out what the core wants, once for each turn.

import Glibc
import Logging
import NIOCore
import ServerCore
import Snapshot
import ZKWire
import Zab

/// Drives the core on one event loop. Every method runs on that loop.
// SAFETY: `@unchecked`: confined to `eventLoop`, which every entry from another thread goes through.
final class CoreLoop: @unchecked Sendable {
    let core: ServerCore
    let eventLoop: any EventLoop
    let log: LogThread
    let logger: Logger
    let limits: ConnectionLimits
    var words: FourLetterWords
    private let scan: DirectoryScan
    let snapshots: SnapshotDriver
    /// nil in a standalone server.
    let ensemble: EnsemblePorts?

    private(set) var disk = DiskStatistics()
    private var channels: [ConnectionID: any Channel] = [:]
    private var connectionsByHost: [String: Int] = [:]
    private var lastConnection: UInt64 = 0
    /// What the core wants, gathered until the turn ends.
    var effects = Effects()
    /// What is being carried out; swapped with `effects`, so that neither is allocated anew.
    private var acting = Effects()
    private var isTurnScheduled = false
    /// When the first packet of this turn came.
    var timeOfPackets: Now?
    /// Connections whose socket takes no more at present, and the bytes that their clients had taken
    /// at the last look.
    private var unwritable: [ConnectionID: UInt64] = [:]

    init(
        core: ServerCore, eventLoop: any EventLoop, log: LogThread, snapshots: SnapshotDriver,
        words: FourLetterWords, scan: DirectoryScan, limits: ConnectionLimits,
        ensemble: EnsemblePorts?, logger: Logger
    ) {
        self.core = core
        self.eventLoop = eventLoop
        self.log = log
        self.snapshots = snapshots
        self.words = words
        self.scan = scan
        self.limits = limits
        self.ensemble = ensemble
        self.logger = logger
    }

    // MARK: Events

    func started() {
        ensemble?.start(self)
        step(.started)
        endTurn()
    }

    /// The log's thread has done something.
    func logReported(_ report: LogThread.Report) {
        if case .appended(_, let took) = report {
            disk.syncTime.add(milliseconds: took.nanoseconds / 1_000_000)
        }
        handle(report)
        endTurn()
    }

    func snapshotWritten(took: TimeAmount) {
        disk.snapshotTime.add(milliseconds: took.nanoseconds / 1_000_000)
    }

    func tick() {
        ensemble?.quorum.excuseLeaders()
        noteReceived()
        step(.tick)
        endTurn()
    }

    /// Tells the core which of the clients that are not read have taken something since the last
    /// look.
    private func noteReceived() {
        for (id, before) in unwritable where core.connections[id]?.isHeldBack == true {
            channels[id]?.withBytesAcknowledged { [self] bytes in
                guard bytes > before else { return }
                unwritable[id] = bytes
                step(.outputReceived(id))
            }
        }
    }

    /// - Returns: nil if the connection is over a limit and must be closed.
    func connectionOpened(_ channel: any Channel) -> ConnectionID? {
        let address = PeerAddress(channel.remoteAddress)
        if let refusal = limits.refusal(
            total: channels.count, ofHost: connectionsByHost[address.host] ?? 0)
        {
            disk.refusedConnections += 1
            logger.warning("refused a connection from \(address.host): \(refusal)")
            return nil
        }
        lastConnection += 1
        let id = ConnectionID(rawValue: lastConnection)
        channels[id] = channel
        connectionsByHost[address.host, default: 0] += 1
        step(.connectionOpened(id, address: address))
        return id
    }

    @inline(__always)
    func received(_ id: ConnectionID, _ bytes: UnsafeRawBufferPointer) {
        core.step(.bytesReceived(id, bytes), now: .current(), into: &effects)
        // A turn that brings much is not kept from the log until it ends.
        if !effects.zab.append.isEmpty { handOver(&effects.zab.append) }
        scheduleTurn()
    }

    func connectionClosed(_ id: ConnectionID) {
        guard channels.removeValue(forKey: id) != nil else { return }
        unwritable[id] = nil
        if let host = core.connections[id]?.address.host { forget(host: host) }
        step(.connectionClosed(id))
        scheduleTurn()
    }

    func inputClosed(_ id: ConnectionID) {
        // A word that came in the same turn is still to be answered; everything else ends here.
        eventLoop.execute { [self] in
            guard let channel = channels[id] else { return }
            if core.connections[id]?.phase != .closing { channel.close(promise: nil) }
        }
    }

    func becameWritable(_ id: ConnectionID) {
        guard unwritable.removeValue(forKey: id) != nil, let connection = core.connections[id]
        else { return }
        step(.outputReceived(id))
        send(connection)
        scheduleTurn()
    }

    private func forget(host: String) {
        guard let count = connectionsByHost[host] else { return }
        connectionsByHost[host] = count > 1 ? count - 1 : nil
    }

    func step(_ event: Event) {
        core.step(event, now: .current(), into: &effects)
    }

    // MARK: Turns

    /// A turn ends after everything that is ready has been handled: so that what many connections
    /// brought becomes one batch for the log and one write for each socket.
    func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        eventLoop.assumeIsolatedUnsafeUnchecked().execute { [self] in
            isTurnScheduled = false
            timeOfPackets = nil
            endTurn()
        }
    }

    /// Carries out the effects in the order that their contract gives. What that brings about (room
    /// for requests that were held back) has its turn after the next sockets.
    func endTurn() {
        step(.turnEnded)
        swap(&acting, &effects)
        carryOut(&acting.zab)
        for connection in acting.output {
            connection.outputTaken()
            if unwritable[connection.id] == nil { send(connection) }
        }
        for request in acting.fourLetterWords { answer(request) }
        for (id, _) in acting.close { closeAfterOutput(id) }
        for id in acting.pauseReading { setReading(id, false) }
        for id in acting.resumeReading { setReading(id, true) }
        for notice in acting.notices { logger.log(notice) }
        if acting.isSnapshotDue { snapshots.startDue(self) }
        acting.removeAll()
        if !effects.isEmpty || !core.isTurnEmpty { scheduleTurn() }
    }

    private func send(_ connection: Connection) {
        guard let channel = channels[connection.id] else { return connection.output.removeAll() }
        if connection.output.count > 0 {
            var buffer = channel.allocator.buffer(capacity: connection.output.count)
            buffer.writeBytes(connection.output.view)
            connection.output.removeAll()
            connection.output.shrink(to: 65_536)
            channel.writeAndFlush(buffer, promise: nil)
        }
        if !channel.isWritable {
            unwritable[connection.id] = 0
        } else if connection.isHeldBack {
            step(.outputDrained(connection.id))
        }
    }

    func closeAfterOutput(_ id: ConnectionID) {
        guard let channel = channels[id] else { return }
        if let connection = core.connections[id] { send(connection) }
        close(channel, after: channel.allocator.buffer(capacity: 0))
    }

    private func answer(_ request: FourLetterRequest) {
        guard words.asksForSizes(request) else { return answer(request, sizes: DirectorySizes()) }
        scan.run { [self] in answer(request, sizes: $0) }
    }

    /// The word was its connection's last: nothing can overtake the answer.
    private func answer(_ request: FourLetterRequest, sizes: DirectorySizes) {
        guard let channel = channels[request.connection] else { return }
        let text = words.answer(request, core: core, disk: disk, sizes: sizes, now: .current())
        close(channel, after: ByteBuffer(string: text))
    }

    /// Closes a channel once it has sent this; a client that does not take it has five seconds.
    private func close(_ channel: any Channel, after last: ByteBuffer) {
        channel.writeAndFlush(last).whenComplete { _ in channel.close(promise: nil) }
        eventLoop.assumeIsolated().scheduleTask(in: .seconds(5)) { channel.close(promise: nil) }
    }

    private func setReading(_ id: ConnectionID, _ isReading: Bool) {
        guard let channel = channels[id] else { return }
        channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
    }

    /// Ends every connection: the server stops.
    func closeAll() {
        for channel in channels.values { channel.close(promise: nil) }
        ensemble?.close()
    }
}

extension PeerAddress {
    /// An IPv4 client of a socket for both versions is an IPv4 client.
    fileprivate init(_ address: SocketAddress?) {
        let host = address?.ipAddress ?? ""
        let mapped = "::ffff:"
        let isMapped = host.hasPrefix(mapped) && host.contains(".")
        self.init(
            host: isMapped ? String(host.dropFirst(mapped.count)) : host, port: address?.port ?? 0)
    }
}

extension Now {
    /// Both clocks of the machine.
    static func current() -> Now {
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        return Now(
            monotonic: Instant(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds)),
            wallMilliseconds: Int64(wall.tv_sec) * 1000 + Int64(wall.tv_nsec) / 1_000_000)
    }
}
