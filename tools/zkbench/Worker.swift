// One thread of load: its connections, in one loop.
import ZKWire

/// Sends requests on its connections and measures when they are answered.
///
/// In a closed loop a connection keeps a fixed number of requests in flight. In an open loop
/// requests have times at which they are to be sent, whatever the server does, and latency counts
/// from that time: a server that stalls is charged for the requests that had to wait.
final class Worker {
    private let plan: LoadPlan
    /// This thread's share: it does what is `number` modulo `plan.threads`.
    private let number: UInt64
    private let requests: RequestEncoder
    private let creates: CreateEncoder
    private var channels: [LoadChannel] = []
    private var channelByDescriptor: [Int32: LoadChannel] = [:]
    private var poller = Poller()
    private var ready: [Int32] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 256 << 10, alignment: 16)

    private var start: UInt64 = 0
    private var isDraining = false
    /// When the last request had been sent: earlier than planned if all connections broke.
    private var stop: UInt64 = 0
    private var issuedTotal: UInt64 = 0
    private var issuedMeasured: UInt64 = 0
    private var nextDue: UInt64 = 0
    private var nextChannel = 0
    private var random: Xorshift
    private var keys: KeyChooser
    private var result = LoadResult()
    private var windows: WindowRecorder?
    private var lastReply: UInt64 = 0

    /// How long replies are waited for after the last request.
    private static let drainLimit: UInt64 = 30_000_000_000
    private static let second: UInt64 = 1_000_000_000
    /// Requests that an open loop lets wait on a connection before it gives up: 100 MB of 1 KiB
    /// sets.
    private static let maxPending = 100_000

    init(_ plan: LoadPlan, number: Int) throws(BenchError) {
        self.plan = plan
        self.number = UInt64(number)
        requests = RequestEncoder(keys: plan.keys)
        var root = ""
        if case .create(let path, _) = plan.operation { root = path }
        creates = CreateEncoder(root: root, value: plan.keys.value)
        random = Xorshift(seed: UInt64(number))
        keys = KeyChooser(
            plan.distribution, count: plan.keys.count, number: number, threads: plan.threads)
        windows = plan.timelineWindow.map { WindowRecorder(width: $0) }
        for index in stride(from: number, to: plan.connections, by: plan.threads) {
            try connect(to: plan.servers[index % plan.servers.count])
        }
    }

    deinit { buffer.deallocate() }

    private func connect(to server: ServerAddress) throws(BenchError) {
        let socket = try Socket.connected(to: server, timeoutSeconds: 30)
        try Session.open(
            socket, server: server, timeoutMilliseconds: plan.sessionTimeoutMilliseconds)
        let channel = LoadChannel(socket)
        poller.add(socket.descriptor)
        channels.append(channel)
        channelByDescriptor[socket.descriptor] = channel
    }

    /// Runs to the end of the measurement and closes the sessions.
    func run() throws(BenchError) -> LoadResult {
        start = monotonicNow()
        nextDue = start
        var lastPing = start
        while !isDraining {
            let now = monotonicNow()
            try issueAll(now)
            if now &- lastPing > Self.second {
                ping(now)
                lastPing = now
            }
            try poll(waitTime(now))
            isDraining = isFinished(monotonicNow())
        }
        stop = min(end, monotonicNow())
        try drain()
        try closeSessions()
        finishResult()
        return result
    }
}

// MARK: - Sending

extension Worker {
    private var measuredStart: UInt64 { start &+ plan.warmUp }
    private var end: UInt64 { measuredStart &+ plan.duration }

    private func isFinished(_ now: UInt64) -> Bool {
        if now >= end || !channels.contains(where: \.isOpen) { return true }
        guard let share = requestShare else { return false }
        return issuedMeasured >= share
    }

    /// This thread's part of the request limit.
    private var requestShare: UInt64? {
        plan.requestLimit.map { limit in
            let threads = UInt64(plan.threads)
            return limit / threads + (number < limit % threads ? 1 : 0)
        }
    }

    /// Nanoseconds for which nothing needs doing unless a socket is ready.
    private func waitTime(_ now: UInt64) -> UInt64 {
        var until = min(end, now &+ Self.second)
        if plan.rate != nil { until = min(until, nextDue) }
        return until > now ? until &- now : 0
    }

    /// Requests whose time has come: in a closed loop the first ones of each connection, in an open
    /// one those that are due.
    private func issueAll(_ now: UInt64) throws(BenchError) {
        guard let rate = plan.rate else {
            if issuedTotal == 0 { channels.forEach { fill($0, now) } }
            return
        }
        let interval = UInt64(1e9 * Double(plan.threads) / rate)
        var first = nextChannel
        while nextDue <= now {
            let channel = channels[nextChannel % channels.count]
            nextChannel += 1
            guard channel.pending.count < Self.maxPending else {
                throw BenchError("the server cannot keep up with \(rate) requests a second")
            }
            if channel.isOpen { issue(channel, nextDue) }
            nextDue &+= interval
        }
        first = max(first, nextChannel - channels.count)
        for index in first..<nextChannel { flush(channels[index % channels.count], now) }
    }

    /// Brings a connection of a closed loop to its number of requests in flight.
    @inline(__always)
    private func fill(_ channel: LoadChannel, _ now: UInt64) {
        let share = requestShare
        while channel.pending.count < plan.inFlight {
            if let share, issuedMeasured >= share { break }
            issue(channel, now)
        }
        flush(channel, now)
    }

    @inline(__always)
    private func issue(_ channel: LoadChannel, _ time: UInt64) {
        let xid = channel.begin(at: time)
        let number = issuedTotal &* UInt64(plan.threads) &+ self.number
        issuedTotal &+= 1
        if time >= measuredStart { issuedMeasured &+= 1 }
        switch plan.operation {
        case .set:
            requests.appendSet(keys.next(&random), to: channel.output, xid: xid)
        case .get:
            requests.appendGet(keys.next(&random), to: channel.output, xid: xid)
        case .mix(let readPercent):
            if random.next() % 100 < readPercent {
                requests.appendGet(keys.next(&random), to: channel.output, xid: xid)
            } else {
                requests.appendSet(keys.next(&random), to: channel.output, xid: xid)
            }
        case .create(_, let rule):
            creates.append(
                directory: rule.directory(of: number), name: plan.firstName &+ number,
                to: channel.output, xid: xid)
        }
    }

    /// Keeps sessions that have nothing to send.
    private func ping(_ now: UInt64) {
        let limit = UInt64(plan.sessionTimeoutMilliseconds) * 1_000_000 / 3
        for channel in channels where channel.isOpen && now > channel.lastSend &+ limit {
            Session.appendPing(to: channel.output)
            flush(channel, now)
        }
    }
}

// MARK: - Receiving

extension Worker {
    private func poll(_ nanoseconds: UInt64) throws(BenchError) {
        poller.wait(nanoseconds, into: &ready)
        for descriptor in ready {
            if let channel = channelByDescriptor[descriptor] { try serve(channel) }
        }
    }

    private func serve(_ channel: LoadChannel) throws(BenchError) {
        while channel.isOpen, let bytes = channel.receive(into: buffer) {
            let now = monotonicNow()
            var rest = bytes
            while let completion = try channel.nextCompletion(in: &rest) {
                complete(completion.start, completion.errorCode, now)
            }
            if plan.rate == nil && !isDraining && now < end { fill(channel, now) }
            // A short read emptied the socket; what comes later is reported again.
            if bytes.count < buffer.count { break }
        }
        flush(channel, monotonicNow())
    }

    /// Sends what `channel` has, and sees to it that the rest is sent when there is room.
    @inline(__always)
    private func flush(_ channel: LoadChannel, _ now: UInt64) {
        channel.flush(now: now)
        if !channel.isOpen {
            poller.remove(channel.socket.descriptor)
        } else if channel.waitsForRoom != channel.isWaitingForRoom {
            channel.isWaitingForRoom = channel.waitsForRoom
            poller.setWaitsForRoom(channel.waitsForRoom, channel.socket.descriptor)
        }
    }

    @inline(__always)
    private func complete(_ begin: UInt64, _ errorCode: Int32, _ now: UInt64) {
        guard now >= measuredStart else { return }
        if errorCode != 0 { result.errors[errorCode, default: 0] += 1 }
        let latency = now &- begin
        result.latencies.record(latency)
        guard now < end else { return }
        result.replies &+= 1
        lastReply = now
        windows?.record(latency, at: now &- measuredStart)
    }
}

// MARK: - The end

extension Worker {
    private func drain() throws(BenchError) {
        let limit = monotonicNow() &+ Self.drainLimit
        while channels.contains(where: { $0.isOpen && !$0.pending.isEmpty }) {
            let now = monotonicNow()
            guard now < limit else { break }
            try poll(min(Self.second, limit &- now))
        }
        for channel in channels { result.lost += UInt64(channel.pending.count) }
    }

    /// Closes the sessions. Their replies are not measured, so that an answer more or less, or a
    /// connection that the server closes first, does not matter.
    private func closeSessions() throws(BenchError) {
        let saved = result
        let now = monotonicNow()
        for channel in channels where channel.isOpen && channel.pending.isEmpty {
            channel.appendClose(now: now)
            flush(channel, now)
        }
        while channels.contains(where: { $0.isOpen && $0.pending.count == 1 }) {
            guard monotonicNow() < now &+ 2 * Self.second else { break }
            try poll(Self.second)
        }
        result = saved
    }

    private func finishResult() {
        let stopped = plan.requestLimit == nil ? stop : lastReply
        result.elapsed = stopped > measuredStart ? stopped &- measuredStart : 0
        result.timeline = windows?.finish(elapsed: result.elapsed) ?? []
    }
}
