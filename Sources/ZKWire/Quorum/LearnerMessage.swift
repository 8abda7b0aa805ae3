// What a learner says to its leader, by meaning; the other direction is `LeaderMessage`.

/// A packet from a learner. Views are valid as long as the packet that was decoded.
package enum LearnerMessage {
    /// The first packet of one that votes: the last epoch that it accepted.
    case followerInfo(acceptedEpoch: Epoch, LearnerInfo)
    /// The first packet of one that does not vote.
    case observerInfo(acceptedEpoch: Epoch, LearnerInfo)
    /// The answer to LEADERINFO: the end of the learner's history. The epoch is that of the last
    /// leader it followed, nil where it had accepted the proposed one before, so that this is no
    /// acknowledgement of it. One of ours whose tree is not what the leader's is may ask for a snapshot
    /// beside the history that it has: a word behind the epoch, which Apache's leaders do not read.
    case ackEpoch(lastLoggedZxid: Zxid, currentEpoch: Epoch?, wantsTree: Bool = false)
    /// Of NEWLEADER, then of UPTODATE (both with the epoch's first zxid), then of each proposal:
    /// everything up to it is durable.
    case ack(Zxid)
    /// A client's write, sync or closeSession, and the learner's own createSession.
    case request(ForwardedRequest)
    /// The answer to a ping, with the zxid that was in it.
    case ping(Zxid, SessionTouches)
    /// Asks whether the session that a client wants to resume is alive.
    case revalidate(SessionID, timeoutMilliseconds: Int32)
}

extension LearnerMessage {
    /// - Throws: on a type that a learner does not send, and on data that are not the type's.
    package init(_ packet: QuorumPacket) throws(DecodeError) {
        guard let type = packet.type else { throw packet.unexpected("a learner") }
        switch type {
        case .followerInfo:
            self = .followerInfo(acceptedEpoch: packet.zxid.epoch, try packet.learnerInfo())
        case .observerInfo:
            self = .observerInfo(acceptedEpoch: packet.zxid.epoch, try packet.learnerInfo())
        case .ackEpoch:
            self = try packet.decodeData { (data) throws(DecodeError) in
                let epoch = try data.readInt32()
                let flags = data.rest.count >= 4 ? try data.readInt32() : 0
                return .ackEpoch(
                    lastLoggedZxid: packet.zxid,
                    currentEpoch: epoch == QuorumPacketFormat.noEpoch
                        ? nil : Epoch(rawValue: UInt32(bitPattern: epoch)),
                    wantsTree: flags & QuorumPacketFormat.wantsTree != 0)
            }
        case .ack: self = .ack(packet.zxid)
        case .request: self = .request(try packet.forwardedRequest())
        case .ping: self = .ping(packet.zxid, try packet.touches())
        case .revalidate:
            self = try packet.decodeData { (data) throws(DecodeError) in
                let session = SessionID(rawValue: try data.readInt64())
                return .revalidate(session, timeoutMilliseconds: try data.readInt32())
            }
        case .leaderInfo, .diff, .trunc, .snap, .newLeader, .upToDate, .proposal, .commit,
            .commitAndActivate, .inform, .informAndActivate, .sync:
            throw packet.unexpected("a learner")
        }
    }
}

extension QuorumPacket {
    fileprivate func learnerInfo() throws(DecodeError) -> LearnerInfo {
        try decodeData { (data) throws(DecodeError) in try data.readLearnerInfo() }
    }

    fileprivate func forwardedRequest() throws(DecodeError) -> ForwardedRequest {
        try decodeData { (data) throws(DecodeError) in
            ForwardedRequest(
                session: SessionID(rawValue: try data.readInt64()), cxid: try data.readInt32(),
                type: try data.readInt32(), body: data.rest, authInfo: authInfo)
        }
    }

    fileprivate func touches() throws(DecodeError) -> SessionTouches {
        try decodeData { (data) throws(DecodeError) in try SessionTouches(data.rest) }
    }
}

extension ByteWriter {
    package func writeMessage(_ message: LearnerMessage) {
        switch message {
        case .followerInfo(let acceptedEpoch, let info):
            writePacketHead(.followerInfo, Zxid(epoch: acceptedEpoch, counter: 0))
            writeData { writeLearnerInfo(info) }
        case .observerInfo(let acceptedEpoch, let info):
            writePacketHead(.observerInfo, Zxid(epoch: acceptedEpoch, counter: 0))
            writeData { writeLearnerInfo(info) }
        case .ackEpoch(let lastLoggedZxid, let currentEpoch, let wantsTree):
            writePacketHead(.ackEpoch, lastLoggedZxid)
            writeData {
                writeInt32(
                    currentEpoch.map { Int32(bitPattern: $0.rawValue) }
                        ?? QuorumPacketFormat.noEpoch)
                if wantsTree { writeInt32(QuorumPacketFormat.wantsTree) }
            }
        case .ack(let zxid): writePacket(.ack, zxid)
        case .request(let request): writeForwardedRequest(request)
        case .ping(let zxid, let touches): writePacket(.ping, zxid, data: touches.view)
        case .revalidate(let session, let timeoutMilliseconds):
            writePacketHead(.revalidate, QuorumPacketFormat.noZxid)
            writeData {
                writeInt64(session.rawValue)
                writeInt32(timeoutMilliseconds)
            }
        }
    }

    /// The answer to a ping.
    package func writePing(_ zxid: Zxid, touches: some Sequence<SessionTouch>) {
        writePacketHead(.ping, zxid)
        writeData {
            for touch in touches {
                writeInt64(touch.session.rawValue)
                writeInt32(touch.timeoutMilliseconds)
            }
        }
    }
}
