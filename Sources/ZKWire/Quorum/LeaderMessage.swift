// What a leader says to a learner, by meaning. PING and REVALIDATE are two things each, told apart
// by their direction only, so that each direction has a type of its own (`LearnerMessage`).

/// A packet from a leader. Views are valid as long as the packet that was decoded.
package enum LeaderMessage {
    /// The epoch that the leader proposes: first of all, when enough learners have named theirs.
    case leaderInfo(Epoch, protocolVersion: Int32)
    /// What the learner lacks, up to `Zxid`, follows as proposals and commits.
    case diff(Zxid)
    /// The learner is to forget all after `Zxid`.
    case trunc(Zxid)
    /// A snapshot at `Zxid` or later follows: a raw stream up to its signature, then packets again.
    case snap(Zxid)
    /// The learner has been brought to the history of the leader. The text is the membership
    /// (`MembershipText`), nil from a leader that knows of none.
    case newLeader(Zxid, membership: ByteView?)
    /// The learner may serve clients.
    case upToDate
    /// The payload is a `ProposalPayload`: what goes into the log.
    case proposal(Zxid, payload: ByteView)
    case commit(Zxid)
    /// The commit of a reconfiguration, and who is to lead after it.
    case commitAndActivate(Zxid, leader: ServerID)
    /// Proposal and commit in one, for observers.
    case inform(Zxid, payload: ByteView)
    case informAndActivate(Zxid, leader: ServerID, payload: ByteView)
    /// Asks for a sign of life; the zxid is the last that was proposed.
    case ping(Zxid)
    /// Whether the session that a client wants to resume is alive.
    case revalidated(SessionID, isValid: Bool)
    /// What the oldest `sync` of this learner waited for has been sent.
    case sync
}

extension LeaderMessage {
    /// - Throws: on a type that a leader does not send, and on data that are not the type's.
    package init(_ packet: QuorumPacket) throws(DecodeError) {
        guard let type = packet.type else { throw packet.unexpected("a leader") }
        switch type {
        case .leaderInfo:
            self = .leaderInfo(
                packet.zxid.epoch,
                protocolVersion: try packet.decodeData { (data) throws(DecodeError) in
                    try data.readInt32()
                })
        case .diff: self = .diff(packet.zxid)
        case .trunc: self = .trunc(packet.zxid)
        case .snap: self = .snap(packet.zxid)
        case .newLeader: self = .newLeader(packet.zxid, membership: packet.data)
        case .upToDate: self = .upToDate
        case .proposal: self = .proposal(packet.zxid, payload: try packet.payload())
        case .commit: self = .commit(packet.zxid)
        case .inform: self = .inform(packet.zxid, payload: try packet.payload())
        case .commitAndActivate, .informAndActivate: self = try Self.activation(type, packet)
        case .ping: self = .ping(packet.zxid)
        case .revalidate: self = try packet.decodeData(Self.revalidated)
        case .sync: self = .sync
        case .followerInfo, .observerInfo, .ackEpoch, .ack, .request:
            throw packet.unexpected("a leader")
        }
    }

    private static func activation(
        _ type: QuorumPacketType, _ packet: QuorumPacket
    ) throws(DecodeError) -> LeaderMessage {
        try packet.decodeData { (data) throws(DecodeError) in
            let leader = ServerID(rawValue: try data.readInt64())
            return type == .commitAndActivate
                ? .commitAndActivate(packet.zxid, leader: leader)
                : .informAndActivate(packet.zxid, leader: leader, payload: data.rest)
        }
    }

    private static func revalidated(
        _ data: inout JuteReader
    ) throws(DecodeError) -> LeaderMessage {
        let session = SessionID(rawValue: try data.readInt64())
        return .revalidated(session, isValid: try data.readBool())
    }
}

extension ByteWriter {
    package func writeMessage(_ message: LeaderMessage) {
        switch message {
        case .leaderInfo(let epoch, let protocolVersion):
            writePacketHead(.leaderInfo, Zxid(epoch: epoch, counter: 0))
            writeData { writeInt32(protocolVersion) }
        case .diff(let zxid): writePacket(.diff, zxid)
        case .trunc(let zxid): writePacket(.trunc, zxid)
        case .snap(let zxid): writePacket(.snap, zxid)
        case .newLeader(let zxid, let membership?):
            writePacket(.newLeader, zxid, data: membership)
        case .newLeader(let zxid, nil): writePacket(.newLeader, zxid)
        case .upToDate: writePacket(.upToDate, QuorumPacketFormat.noZxid)
        case .proposal(let zxid, let payload): writePacket(.proposal, zxid, data: payload)
        case .commit(let zxid): writePacket(.commit, zxid)
        case .commitAndActivate(let zxid, let leader):
            writePacketHead(.commitAndActivate, zxid)
            writeData { writeInt64(leader.rawValue) }
        case .inform(let zxid, let payload): writePacket(.inform, zxid, data: payload)
        case .informAndActivate(let zxid, let leader, let payload):
            writePacketHead(.informAndActivate, zxid)
            writeData {
                writeInt64(leader.rawValue)
                writeRaw(payload)
            }
        case .ping(let zxid): writePacket(.ping, zxid)
        case .revalidated(let session, let isValid):
            writePacketHead(.revalidate, QuorumPacketFormat.noZxid)
            writeData {
                writeInt64(session.rawValue)
                writeBool(isValid)
            }
        case .sync: writePacket(.sync, .zero)
        }
    }
}
