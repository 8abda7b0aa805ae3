// One peer driven by hand: a test says what happens, and reads what it does as text.

import Testing
import ZKWire
import Zab

final class PeerScript {
    let peer: Peer
    let configuration: ZabConfiguration
    var time: Int64 = 1_000_000_000
    var effects = ZabEffects()
    /// What it did since the last look, one thing a line.
    private var lines: [String] = []
    /// What its disk was asked for and has not answered.
    private(set) var jobs: [StorageJob] = []
    /// What was said of servers that speak another version.
    private(set) var refusals: [String] = []
    var me: ServerID { configuration.serverID }

    init(
        _ id: Int64 = 1, voters: Int64 = 3, observers: Int64 = 0,
        epoch: UInt32 = 1, accepted: UInt32? = nil, last: Zxid = .zero, isBlank: Bool = false,
        isRecovering: Bool = false, change: (inout ZabConfiguration) -> Void = { _ in }
    ) {
        var configuration = ZabConfiguration(
            serverID: ServerID(rawValue: id),
            membership: Membership(
                (1...voters).map(ServerID.init(rawValue:)),
                observers: Set((0..<observers).map { ServerID(rawValue: voters + 1 + $0) })))
        configuration.tick = .milliseconds(100)
        change(&configuration)
        self.configuration = configuration
        peer = Peer(
            configuration,
            DurableState(
                epochs: Epochs(
                    accepted: Epoch(rawValue: accepted ?? epoch), current: Epoch(rawValue: epoch),
                    isRecovering: isRecovering),
                lastZxid: last, isBlank: isBlank), now: Instant(nanoseconds: time))
    }

    var now: Instant { Instant(nanoseconds: time) }

    // MARK: What happens

    func step(_ event: ZabEvent) {
        peer.step(event, now: now, into: &effects)
        take()
    }

    func wait(milliseconds: Int64) {
        for _ in 0..<(milliseconds / 10) {
            time += 10_000_000
            step(.tick)
        }
    }

    func askForTree() -> Bool {
        defer { take() }
        return peer.askForTree(now: now, into: &effects)
    }

    /// The end of a turn.
    func flush() {
        peer.flush(into: &effects)
        take()
    }

    @discardableResult
    func leader(says message: LeaderMessage, on link: UInt64 = 9) -> ServerID? {
        let writer = ByteWriter()
        writer.writeMessage(message)
        return receive(writer, link)
    }

    @discardableResult
    func learner(_ link: UInt64, says message: LearnerMessage) -> ServerID? {
        let writer = ByteWriter()
        writer.writeMessage(message)
        return receive(writer, link)
    }

    @discardableResult
    func receive(_ packet: ByteWriter, _ link: UInt64) -> ServerID? {
        var decoder = QuorumPacketDecoder()
        var input = packet.view
        var sender: ServerID?
        while let next = try? decoder.next(&input) {
            sender = peer.receive(
                next, on: LinkID(rawValue: link), now: now, into: &effects)
            take()
        }
        return sender
    }

    /// The disk does all that it was asked for, or the next thing only.
    func disk(_ count: Int = 100) {
        flush()
        for number in 0..<count {
            guard let job = jobs.first else { return }
            precondition(number < 99, "the disk is kept busy for ever")
            jobs.removeFirst()
            switch job {
            case .append(let records):
                if let last = records.last { step(.appended(upTo: last.zxid)) }
            case .writeEpochs(let epochs): step(.epochsWritten(epochs))
            case .truncate(let zxid, _): step(.truncated(to: zxid))
            case .install(let link, let zxid): step(.installed(link, zxid: zxid))
            case .replaceTree(let link): step(.installed(link, zxid: peer.history.last))
            }
            flush()
        }
    }

    func propose(_ count: Int = 1) {
        for _ in 0..<count {
            let offset = peer.payloads.count
            peer.payloads.writeInt64(peer.nextZxid.rawValue)
            peer.propose(from: offset)
        }
        flush()
    }

    /// What the tree gets.
    func deliver() -> [Zxid] {
        var delivered: [Zxid] = []
        while let slot = peer.nextCommitted() { delivered.append(slot.zxid) }
        return delivered
    }

    // MARK: What it did

    /// Everything since the last call.
    func done() -> [String] {
        defer { lines = [] }
        return lines
    }

    private func take() {
        for batch in effects.append {
            lines.append("log " + batch.entries.map { "\($0.zxid)" }.joined(separator: " "))
            jobs.append(.append(batch.entries.map { Record(zxid: $0.zxid, payload: []) }))
        }
        for order in effects.storage {
            switch order {
            case .writeEpochs(let epochs):
                lines.append(
                    "write \(epochs.accepted) \(epochs.current)"
                        + (epochs.isRecovering ? " recovering" : ""))
                jobs.append(.writeEpochs(epochs))
            case .truncate(let zxid, let rebuilds):
                lines.append("truncate \(zxid)" + (rebuilds ? " rebuild" : ""))
                jobs.append(.truncate(to: zxid, rebuilds: rebuilds))
            case .install(let link, let zxid):
                lines.append("install \(zxid)")
                jobs.append(.install(link, zxid: zxid))
            case .replaceTree(let link, let zxid):
                lines.append("replace tree \(zxid)")
                jobs.append(.replaceTree(link))
            }
        }
        if let server = effects.connect { lines.append("connect \(server)") }
        for link in effects.output { takeOutput(link) }
        for order in effects.stream {
            let first = order.isFirst ? "" : " on"
            let range = "after \(order.after) to \(order.upTo)"
            let tree = order.isTreeWanted ? ", a tree" : ""
            lines.append("stream\(first) \(order.link.rawValue) \(range)\(tree)")
        }
        for (link, reason) in effects.close {
            lines.append("close \(link.rawValue) \(PeerScript.name(of: reason))")
            if case .incompatible(let text) = reason { refusals.append(text) }
        }
        effects.removeAll()
    }

    private func takeOutput(_ link: Link) {
        link.outputTaken()
        var decoder = QuorumPacketDecoder()
        var input = link.output.view
        while let packet = try? decoder.next(&input) {
            let type = packet.type.map { "\($0)" } ?? "\(packet.rawType)"
            let wish =
                if case .ackEpoch(_, _, wantsTree: true) = try? LearnerMessage(packet) { ", a tree" } else { "" }
            lines.append("\(link.id.rawValue) \(type) \(packet.zxid)\(wish)")
        }
        link.output.removeAll()
    }

    static func name(of reason: LinkCloseReason) -> String {
        switch reason {
        case .notLeading: "notLeading"
        case .notFollowing: "notFollowing"
        case .malformed: "malformed"
        case .unknownServer: "unknownServer"
        case .replaced: "replaced"
        case .silent: "silent"
        case .outputBound: "outputBound"
        case .protocolViolation: "protocolViolation"
        case .incompatible: "incompatible"
        case .syncFailed: "syncFailed"
        }
    }
}
