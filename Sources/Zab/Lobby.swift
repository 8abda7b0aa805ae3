import ZKWire

/// What a learner says of itself first.
struct Introduction {
    let link: Link
    let server: ServerID
    /// It says that it votes.
    let isFollower: Bool
    let acceptedEpoch: Epoch
    let protocolVersion: Int32
    /// It knows of memberships that change; 3.4's servers do not.
    let hasMembershipVersion: Bool
}

/// Connections on the quorum port that belong to no learner yet: those that have not said who they
/// are, and those of servers that know already that this one is to lead, when it does not.
///
/// Limits: so many wait, the oldest goes first; so long they may be silent, or wait.
struct Lobby {
    private struct Guest {
        let link: Link
        let arrivedAt: Instant
        var introduction: Introduction?
    }

    private let capacity: Int
    private let patience: Duration
    /// In the order of their arrival.
    private var guests: [Guest] = []

    /// - Parameters:
    ///   - capacity: every member twice, and some strangers.
    ///   - patience: a learner that waits in vain looks again.
    init(_ configuration: ZabConfiguration) {
        let membership = configuration.membership
        capacity = 2 * (membership.voters.count + membership.observers.count) + 16
        patience = configuration.tick * 2 + configuration.finalizeWait * 2
    }

    func contains(_ link: LinkID) -> Bool { guests.contains { $0.link.id == link } }

    mutating func arrived(_ id: LinkID, now: Instant, into effects: inout ZabEffects) {
        if guests.count >= capacity { close(at: 0, .silent, into: &effects) }
        guests.append(Guest(link: Link(id), arrivedAt: now, introduction: nil))
    }

    /// A guest says something: who it is, or it is shown out.
    mutating func receive(
        _ packet: QuorumPacket, on id: LinkID, into effects: inout ZabEffects
    ) {
        guard let index = guests.firstIndex(where: { $0.link.id == id }) else { return }
        guard guests[index].introduction == nil else {
            let reason = "a packet of type \(packet.rawType) before LEADERINFO"
            return close(at: index, .protocolViolation(reason), into: &effects)
        }
        guard packet.type != nil else {
            let refusal = ProtocolVersion.refusal("a server", packet: packet.rawType)
            return close(at: index, refusal, into: &effects)
        }
        do throws(DecodeError) {
            guard let introduction = try introduction(packet, guests[index].link) else {
                let reason = "type \(packet.rawType) for a first packet"
                return close(at: index, .protocolViolation(reason), into: &effects)
            }
            guests[index].introduction = introduction
        } catch {
            close(at: index, .malformed("\(error)"), into: &effects)
        }
    }

    private func introduction(
        _ packet: QuorumPacket, _ link: Link
    ) throws(DecodeError) -> Introduction? {
        switch try LearnerMessage(packet) {
        case .followerInfo(let acceptedEpoch, let info):
            Introduction(
                link: link, server: info.server, isFollower: true, acceptedEpoch: acceptedEpoch,
                protocolVersion: info.protocolVersion,
                hasMembershipVersion: info.configuration != nil)
        case .observerInfo(let acceptedEpoch, let info):
            Introduction(
                link: link, server: info.server, isFollower: false, acceptedEpoch: acceptedEpoch,
                protocolVersion: info.protocolVersion,
                hasMembershipVersion: info.configuration != nil)
        case .ackEpoch, .ack, .request, .ping, .revalidate: nil
        }
    }

    /// Those who have said who they are, in order; they leave.
    mutating func takeIntroduced() -> [Introduction] {
        guard guests.contains(where: { $0.introduction != nil }) else { return [] }
        defer { guests.removeAll { $0.introduction != nil } }
        return guests.compactMap(\.introduction)
    }

    mutating func closed(_ id: LinkID) { guests.removeAll { $0.link.id == id } }

    mutating func expire(now: Instant, into effects: inout ZabEffects) {
        while let first = guests.first, now - first.arrivedAt > patience {
            close(at: 0, first.introduction == nil ? .silent : .notLeading, into: &effects)
        }
    }

    mutating func closeAll(_ reason: LinkCloseReason, into effects: inout ZabEffects) {
        while !guests.isEmpty { close(at: 0, reason, into: &effects) }
    }

    private mutating func close(
        at index: Int, _ reason: LinkCloseReason, into effects: inout ZabEffects
    ) {
        effects.close(guests.remove(at: index).link.id, reason)
    }
}
