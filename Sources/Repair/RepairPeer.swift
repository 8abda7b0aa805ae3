import ZKWire
import Zab

/// What the machine knows of one other member.
struct RepairPeer: Equatable, Sendable {
    let id: ServerID
    var isConnected = false
    var status: RepairStatus?
    var statusAt: Instant?
    /// When a status was asked for last, and when the present one was; nil: with the connection.
    var askedAt: Instant?
    var statusSince: Instant?
    /// What it was asked and has not answered.
    var pending: RepairRequest?
    /// It has looked at all of these spans, and sent what it has.
    var answers: [RepairAnswer] = []
    /// Its snapshots that turned out to be of no use.
    var badSnapshots: Set<Zxid> = []
    /// What it has sent of the span that it is being asked for.
    var collecting: RepairAnswer?

    init(_ id: ServerID) { self.id = id }

    /// What it said counts until it is there again: it may have stopped because it could not be
    /// repaired either.
    mutating func disconnect() {
        isConnected = false
        pending = nil
        askedAt = nil
        collecting = nil
    }

    /// The last answer that says something about a whole span.
    func answer(for span: ZxidSpan) -> RepairAnswer? {
        answers.last { $0.span.after <= span.after && $0.span.through >= span.through }
    }

    /// It has said lately what it has and has not of this span.
    func hasAnswered(_ span: ZxidSpan) -> Bool { answer(for: span)?.isOld == false }

    /// What it has sent of this span is all that its history has of it, and that counts: what it has
    /// not sent, it durably does not have.
    func hasWhole(_ span: ZxidSpan) -> Bool {
        guard let answer = answer(for: span) else { return false }
        return answer.isWhole && status?.isTrusted == true
    }

    /// It can be asked for what it has.
    var isReady: Bool {
        guard isConnected, let status else { return false }
        return status.state != .starting
    }

    var isEstablished: Bool { isConnected && status?.state == .established }
}

/// A span that a member has looked through for this server.
struct RepairAnswer: Equatable, Sendable {
    let span: ZxidSpan
    var isWhole = true
    /// The first transaction that was sent names this as its predecessor.
    var firstPrevious: Zxid?
    /// The last transaction that was sent.
    var last: Zxid?
    var at: Instant
    /// To be asked for again: the member may have more by now.
    var isOld = false
}
