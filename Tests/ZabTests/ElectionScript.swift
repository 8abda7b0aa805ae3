import Testing
import ZKWire
import Zab

/// A readable script of one server's elections. Lines at the margin are what happens, indented ones
/// what the server does about it; the script is run and must come out as it was written.
///
/// Votes are `leader/epoch/zxid`, the zxid in hexadecimal; a voter is `id` or `id:weight:group`.
///
///     server 2 of 1 2 3
///     begin 2/1/10                            (or: begin 2/0/0 blank; begin 2/1/10 novote)
///     up 1
///     1 says looking 1/1/10 round 1
///     after 200                               milliseconds, then a tick
///     following 3/1/10 hears 1 looking 1/1/10 round 1
///     followers 1 3                           is the election of this server still good?
struct ElectionScript {
    private var election = Election(ElectionScript.configuration(2, of: ["1", "2", "3"]))
    private var now = Instant(nanoseconds: 0)
    private var transcript: [String] = []

    /// Runs it and compares.
    static func expect(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) {
        var run = ElectionScript()
        for line in script.split(separator: "\n") where !line.hasPrefix("  ") {
            run.transcript.append(String(line))
            if !line.hasPrefix("#") { run.execute(line.split(separator: " ").map(String.init)) }
        }
        let result = run.transcript.joined(separator: "\n")
        #expect(result == script, "it came out as:\n\(result)", sourceLocation: sourceLocation)
    }

    static func configuration(
        _ server: Int64, of voters: [String], observers: [String] = []
    ) -> ZabConfiguration {
        var members: [ServerID: Membership.Voter] = [:]
        for voter in voters {
            let parts = voter.split(separator: ":").map { Int64($0)! }
            members[ServerID(rawValue: parts[0])] =
                parts.count == 3 ? .init(weight: parts[1], group: parts[2]) : .init()
        }
        let others = Set(observers.map { ServerID(rawValue: Int64($0)!) })
        return ZabConfiguration(
            serverID: ServerID(rawValue: server),
            membership: Membership(voters: members, observers: others))
    }

    // MARK: What happens

    private mutating func execute(_ words: [String]) {
        var effects = ZabEffects()
        var decision: Zab.Vote?
        switch words[0] {
        case "server":
            let members = words[3...].split(separator: "observers").map(Array.init)
            election = Election(
                ElectionScript.configuration(
                    Int64(words[1])!, of: members[0],
                    observers: members.count > 1 ? members[1] : []))
        case "begin":
            let standing = words.count > 2 ? words[2] : ""
            election.begin(
                own: vote(words[1]), mayVote: standing.isEmpty, isBlank: standing == "blank",
                now: now, into: &effects)
        case "up", "down":
            decision = election.link(
                server(words[1]), isUp: words[0] == "up", now: now, into: &effects)
        case "after":
            now = now + .milliseconds(Int64(words[1])!)
            decision = election.tick(now: now, into: &effects)
        case "following", "leading", "observing":
            let answer = election.answer(
                notification(words[3...]), state: state(words[0]), vote: vote(words[1]))
            if let answer { effects.notify.append((to: server(words[3]), answer)) }
        case "followers":
            let followers = ServerSet(words[1...].map(server))
            let isAbandoned = election.isAbandoned(followers: followers)
            transcript.append(isAbandoned ? "  abandoned" : "  may lead")
        default:
            let said = notification([words[0]] + words[2...])
            decision = election.receive(said, now: now, into: &effects)
        }
        record(effects.notify)
        if let decision {
            transcript.append("  => \(text(decision)) in round \(election.round)")
        }
    }

    private func notification(_ words: some Sequence<String>) -> Zab.Notification {
        let words = Array(words)
        return Notification(
            sender: server(words[0]), state: state(words[1]), vote: vote(words[2]),
            round: Int64(words[4])!)
    }

    private func server(_ word: String) -> ServerID { ServerID(rawValue: Int64(word)!) }

    private func state(_ word: String) -> Zab.Notification.State {
        switch word {
        case "looking": .looking
        case "following": .following
        case "leading": .leading
        default: .observing
        }
    }

    private func vote(_ word: String) -> Zab.Vote {
        if word == "observer" { return .ofObserver }
        let parts = word.split(separator: "/")
        return Zab.Vote(
            leader: ServerID(rawValue: Int64(parts[0])!),
            zxid: Zxid(rawValue: Int64(parts[2], radix: 16)!),
            peerEpoch: Epoch(rawValue: UInt32(parts[1])!))
    }

    // MARK: What the server does

    private mutating func record(_ notifications: [(to: ServerID, Zab.Notification)]) {
        var open: (receivers: String, Zab.Notification)?
        for (receiver, notification) in notifications {
            if let current = open, current.1 == notification {
                open = (current.receivers + " \(receiver)", notification)
            } else {
                if let open { record(open) }
                open = ("\(receiver)", notification)
            }
        }
        if let open { record(open) }
    }

    private mutating func record(_ sent: (receivers: String, notification: Zab.Notification)) {
        let said = sent.notification
        transcript.append(
            "  -> \(sent.receivers): \(said.state) \(text(said.vote)) round \(said.round)")
    }

    private func text(_ vote: Zab.Vote) -> String {
        guard vote != .ofObserver else { return "observer" }
        return "\(vote.leader)/\(vote.peerEpoch)/\(String(vote.zxid.rawValue, radix: 16))"
    }
}
