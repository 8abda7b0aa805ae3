import Testing
import ZKWire
import Zab

@Suite("Quorums")
struct MembershipTests {
    private func ids(_ numbers: Int64...) -> [ServerID] { numbers.map(ServerID.init) }

    @Test("A majority of equal voters is a quorum, half of them is not")
    func majority() {
        let four = Membership(ids(1, 2, 3, 4))
        #expect(!four.isQuorum(ServerSet(ids(1, 2))))
        #expect(four.isQuorum(ServerSet(ids(1, 2, 4))))
    }

    @Test("Observers and strangers do not count")
    func strangers() {
        let three = Membership(ids(1, 2, 3), observers: [ServerID(rawValue: 4)])
        #expect(!three.isQuorum(ServerSet(ids(1, 4, 9))))
    }

    @Test("A majority of groups, each won by a majority of its votes, is a quorum")
    func groups() {
        var voters: [ServerID: Membership.Voter] = [:]
        for id in ids(1, 2, 3, 4, 5, 6, 7, 8, 9) {
            voters[id] = .init(weight: 1, group: (id.rawValue - 1) / 3)
        }
        let nine = Membership(voters: voters)
        #expect(nine.isQuorum(ServerSet(ids(1, 2, 4, 5))))
        #expect(!nine.isQuorum(ServerSet(ids(1, 2, 3, 4, 7))))
    }

    @Test("A group without votes does not count, nor does a voter without weight")
    func weights() {
        let voters: [ServerID: Membership.Voter] = [
            ServerID(rawValue: 1): .init(weight: 1, group: 1),
            ServerID(rawValue: 2): .init(weight: 0, group: 2),
            ServerID(rawValue: 3): .init(weight: 0, group: 1),
        ]
        #expect(Membership(voters: voters).isQuorum(ServerSet(ids(1))))
        #expect(!Membership(voters: voters).isQuorum(ServerSet(ids(2, 3))))
    }

    @Test("The quorum's value is what the last member that completes it has")
    func quorumValue() {
        let reached: [ServerID: Zxid] = [
            ServerID(rawValue: 1): Zxid(rawValue: 9), ServerID(rawValue: 2): Zxid(rawValue: 7),
        ]
        let three = Membership(ids(1, 2, 3))
        #expect(three.quorumValue { reached[$0] } == Zxid(rawValue: 7))
        #expect(three.quorumValue { (_) -> Zxid? in nil } == nil)
    }
}
