import ZKWire

/// Who belongs to the ensemble, and which sets of servers are quorums: a majority of the votes in a
/// majority of the groups; without groups, everyone is in one. Groups that have no votes do not
/// count (Apache `QuorumHierarchical`).
///
/// Invariant: any two quorums have a voter in common.
package struct Membership: Equatable, Sendable {
    package struct Voter: Equatable, Sendable {
        package var weight: Int64
        package var group: Int64

        package init(weight: Int64 = 1, group: Int64 = 0) {
            self.weight = weight
            self.group = group
        }
    }

    package let voters: [ServerID: Voter]
    package let observers: Set<ServerID>
    /// In order of id, so that nothing depends on a dictionary's order.
    package let sortedVoters: [ServerID]
    /// Votes of each group that has any.
    private let groups: [(group: Int64, votes: Int64)]

    package init(voters: [ServerID: Voter], observers: Set<ServerID> = []) {
        self.voters = voters
        self.observers = observers
        sortedVoters = voters.keys.sorted()
        var votes: [Int64: Int64] = [:]
        for voter in voters.values { votes[voter.group, default: 0] += voter.weight }
        groups = votes.filter { $0.value > 0 }.sorted { $0.key < $1.key }
            .map { (group: $0.key, votes: $0.value) }
    }

    /// Voters of equal weight.
    package init(_ voters: [ServerID], observers: Set<ServerID> = []) {
        self.init(
            voters: Dictionary(uniqueKeysWithValues: voters.map { ($0, Voter()) }),
            observers: observers)
    }

    package static func == (left: Membership, right: Membership) -> Bool {
        left.voters == right.voters && left.observers == right.observers
    }

    package func contains(_ server: ServerID) -> Bool {
        voters[server] != nil || observers.contains(server)
    }

    package func isVoter(_ server: ServerID) -> Bool { voters[server] != nil }

    /// Votes of a server; 0 for one that does not vote and can therefore not lead.
    package func weight(of server: ServerID) -> Int64 { voters[server]?.weight ?? 0 }

    package func isQuorum(_ servers: ServerSet) -> Bool {
        var won = 0
        for (group, votes) in groups {
            var present: Int64 = 0
            for id in sortedVoters where servers.contains(id) {
                if let voter = voters[id], voter.group == group { present += voter.weight }
            }
            if present * 2 > votes { won += 1 }
        }
        return won * 2 > groups.count
    }

    /// The highest value that a quorum has reached: how far a history is acknowledged, when a
    /// quorum was last heard of.
    /// - Parameter reached: for each voter, what it has; nil for one that has nothing.
    package func quorumValue<Value: Comparable>(_ reached: (ServerID) -> Value?) -> Value? {
        let values = sortedVoters.compactMap { id in reached(id).map { (id: id, reached: $0) } }
            .sorted { $0.reached > $1.reached }
        var servers = ServerSet()
        for value in values {
            servers.insert(value.id)
            if isQuorum(servers) { return value.reached }
        }
        return nil
    }
}
