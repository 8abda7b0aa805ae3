import ZKWire

/// What a packet says, as a line for tests to compare.
func describe(_ message: LeaderMessage) throws -> String {
    switch message {
    case .leaderInfo(let epoch, let version): "leaderInfo epoch \(epoch) version \(version)"
    case .diff(let zxid): "diff \(zxid)"
    case .trunc(let zxid): "trunc \(zxid)"
    case .snap(let zxid): "snap \(zxid)"
    case .newLeader(let zxid, let membership):
        try "newLeader \(zxid) " + (membership.map(describeMembership) ?? "nil")
    case .upToDate: "upToDate"
    case .proposal(let zxid, let payload): try "proposal \(zxid): " + describe(payload: payload)
    case .commit(let zxid): "commit \(zxid)"
    case .commitAndActivate(let zxid, let leader): "commitAndActivate \(zxid) leader \(leader)"
    case .inform(let zxid, let payload): try "inform \(zxid): " + describe(payload: payload)
    case .informAndActivate(let zxid, let leader, let payload):
        try "informAndActivate \(zxid) leader \(leader): " + describe(payload: payload)
    case .ping(let zxid): "ping \(zxid)"
    case .revalidated(let session, let isValid): "revalidated \(session) \(isValid)"
    case .sync: "sync"
    }
}

func describe(_ message: LearnerMessage) throws -> String {
    switch message {
    case .followerInfo(let epoch, let info): return "followerInfo accepted \(epoch) " + text(info)
    case .observerInfo(let epoch, let info): return "observerInfo accepted \(epoch) " + text(info)
    case .ackEpoch(let zxid, let epoch, let wantsTree):
        return "ackEpoch at \(zxid) of " + (epoch.map { "epoch \($0)" } ?? "no epoch")
            + (wantsTree ? ", asking for a tree" : "")
    case .ack(let zxid): return "ack \(zxid)"
    case .request(let request):
        let identities = try request.authInfo?.identities()
        let names = identities?.map { "\($0.scheme):\($0.id)" }.joined(separator: ",") ?? "nil"
        let op = OpCode(rawValue: request.type).map { "\($0)" } ?? "?"
        return "request \(op) \(request.session) cxid \(request.cxid) "
            + "body \(request.body.count) by \(names)"
    case .ping(let zxid, let touches):
        var all: [String] = []
        touches.forEach { all.append(" \($0.session) \($0.timeoutMilliseconds) ms") }
        return "ping \(zxid)" + all.joined()
    case .revalidate(let session, let timeout): return "revalidate \(session) \(timeout) ms"
    }
}

private func text(_ info: LearnerInfo) -> String {
    let configuration = info.configuration.map { "\($0)" } ?? "nil"
    return "server \(info.server) version \(info.protocolVersion) configuration \(configuration)"
}

private func describeMembership(_ bytes: ByteView) throws -> String {
    let text = try MembershipText(bytes)
    return "servers \(text.servers.map(\.id)) version \(text.version)"
}

private func describe(payload: ByteView) throws -> String {
    let proposal = try ProposalPayload(payload)
    let header = proposal.header
    let op = OpCode(rawValue: header.type).map { "\($0)" } ?? "?"
    let digest = proposal.digest == nil ? "without" : "with"
    return "\(op) of \(header.session) cxid \(header.cxid) at \(header.zxid) \(digest) digest"
}
