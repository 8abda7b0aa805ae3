import Testing
import ZKWire
import Zab

@Suite("Election: the rules")
struct ElectionScriptTests {
    @Test("The order of votes is epoch, then zxid, then server id")
    func order() {
        func vote(_ leader: Int64, _ epoch: UInt32, _ zxid: Int64) -> Zab.Vote {
            Zab.Vote(
                leader: ServerID(rawValue: leader), zxid: Zxid(rawValue: zxid),
                peerEpoch: Epoch(rawValue: epoch))
        }
        let ascending = [vote(3, 1, 9), vote(1, 2, 5), vote(2, 2, 5), vote(1, 2, 6), vote(1, 3, 0)]
        for (index, first) in ascending.enumerated() {
            for (other, second) in ascending.enumerated() {
                #expect(second.isBetter(than: first) == (other > index))
            }
        }
    }

    @Test("Two of three decide without waiting where nobody else is connected")
    func deadLeader() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            up 2
            begin 1/1/10
              -> 2 3: looking 1/1/10 round 1
            2 says looking 2/1/10 round 1
              -> 2 3: looking 2/1/10 round 1
              => 2/1/10 in round 1
            """)
    }

    @Test("A connected voter that has not answered is waited for, but not for long")
    func silentVoter() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            up 2
            up 3
            begin 1/1/10
              -> 2 3: looking 1/1/10 round 1
            2 says looking 2/1/10 round 1
              -> 2 3: looking 2/1/10 round 1
            after 150
            after 50
              => 2/1/10 in round 1
            """)
    }

    @Test("A better vote of the one that was waited for is taken, and begins the wait anew")
    func betterVote() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 4 5
            up 2
            up 3
            up 4
            up 5
            begin 1/1/10
              -> 2 3 4 5: looking 1/1/10 round 1
            2 says looking 3/1/10 round 1
              -> 2 3 4 5: looking 3/1/10 round 1
            3 says looking 3/1/10 round 1
            after 150
            4 says looking 4/1/20 round 1
              -> 2 3 4 5: looking 4/1/20 round 1
            2 says looking 4/1/20 round 1
            after 50
              -> 2 3 4 5: looking 4/1/20 round 1
            after 100
            after 50
              -> 3: following 4/1/20 round 1
              => 4/1/20 in round 1
            """)
    }

    @Test("When the voter that was waited for is gone, the decision is made at once")
    func waitedForIsGone() {
        ElectionScript.expect(
            """
            server 2 of 1 2 3
            up 1
            up 3
            begin 2/1/10
              -> 1 3: looking 2/1/10 round 1
            1 says looking 2/1/10 round 1
            down 3
              => 2/1/10 in round 1
            """)
    }

    @Test("A voter whose connection is gone does not count any more")
    func lostVote() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 4 5
            up 2
            up 3
            up 4
            begin 1/1/10
              -> 2 3 4 5: looking 1/1/10 round 1
            2 says looking 3/1/10 round 1
              -> 2 3 4 5: looking 3/1/10 round 1
            3 says looking 3/1/10 round 1
            down 2
            after 250
              -> 2 3 4 5: looking 3/1/10 round 1
            """)
    }

    @Test("If the server that was to lead is gone, the next round begins without it")
    func candidateIsGone() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            up 2
            up 3
            begin 1/1/10
              -> 2 3: looking 1/1/10 round 1
            3 says looking 3/1/10 round 1
              -> 2 3: looking 3/1/10 round 1
            down 3
              -> 2 3: looking 1/1/10 round 2
            # One attempt after the other to reach it is refused: that is no news.
            down 3
            2 says looking 2/1/10 round 2
              -> 2 3: looking 2/1/10 round 2
              => 2/1/10 in round 2
            """)
    }

    @Test("A server that others vote for and this one cannot reach starts no new rounds")
    func unreachableCandidate() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 4 5
            up 2
            begin 1/1/10
              -> 2 3 4 5: looking 1/1/10 round 1
            2 says looking 5/1/10 round 1
              -> 2 3 4 5: looking 5/1/10 round 1
            down 5
            down 5
            """)
    }

    @Test("Votes of an old round are answered and not counted; a later round is joined")
    func rounds() {
        ElectionScript.expect(
            """
            server 2 of 1 2 3
            up 1
            begin 2/1/10
              -> 1 3: looking 2/1/10 round 1
            begin 2/1/10
              -> 1 3: looking 2/1/10 round 2
            1 says looking 2/1/10 round 1
              -> 1: looking 2/1/10 round 2
            1 says looking 1/1/8 round 7
              -> 1 3: looking 2/1/10 round 7
            1 says looking 2/1/10 round 7
              => 2/1/10 in round 7
            """)
    }

    @Test("A server that says less in the same round is told again; a repeated vote is not")
    func repeatedVote() {
        ElectionScript.expect(
            """
            server 3 of 1 2 3 4 5
            up 1
            begin 3/1/10
              -> 1 2 4 5: looking 3/1/10 round 1
            1 says looking 1/1/10 round 1
              -> 1: looking 3/1/10 round 1
            1 says looking 3/1/10 round 1
            1 says looking 3/1/10 round 1
            """)
    }

    @Test("Notifications are repeated less and less often, and from the start for a new connection")
    func backOff() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            begin 1/1/10
              -> 2 3: looking 1/1/10 round 1
            after 200
              -> 2 3: looking 1/1/10 round 1
            after 399
            after 1
              -> 2 3: looking 1/1/10 round 1
            after 100000
              -> 2 3: looking 1/1/10 round 1
            up 2
              -> 2: looking 1/1/10 round 1
            after 200
              -> 2 3: looking 1/1/10 round 1
            """)
    }

    @Test("A quorum of groups elects, though it is a minority of the servers")
    func groups() {
        ElectionScript.expect(
            """
            server 1 of 1:1:1 2:1:1 3:1:1 4:1:2 5:1:2 6:1:2 7:1:3 8:1:3 9:1:3
            up 2
            up 4
            up 5
            begin 1/1/10
              -> 2 3 4 5 6 7 8 9: looking 1/1/10 round 1
            5 says looking 5/1/10 round 1
              -> 2 3 4 5 6 7 8 9: looking 5/1/10 round 1
            4 says looking 5/1/10 round 1
            2 says looking 5/1/10 round 1
              => 5/1/10 in round 1
            """)
    }

    @Test("Observers ask in Apache's way, learn from voters, and are told the end of it")
    func observers() {
        ElectionScript.expect(
            """
            server 4 of 1 2 3 observers 4
            begin 4/1/10
              -> 1 2 3: looking observer round 0
            1 says following 3/1/10 round 6
            3 says leading 3/1/10 round 6
              => 3/1/10 in round 6
            server 1 of 1 2 3 observers 4
            up 2
            begin 1/1/10
              -> 2 3: looking 1/1/10 round 1
            4 says looking observer round 0
              -> 4: looking 1/1/10 round 1
            2 says looking 2/1/10 round 1
              -> 2 3: looking 2/1/10 round 1
              -> 4: following 2/1/10 round 1
              => 2/1/10 in round 1
            """)
    }

    @Test("An observer that sees a quorum agree in a round need not be told")
    func observerSeesElection() {
        ElectionScript.expect(
            """
            server 4 of 1 2 3 observers 4
            begin 4/1/10
              -> 1 2 3: looking observer round 0
            1 says looking 2/1/10 round 6
            2 says looking 2/1/10 round 6
              => 2/1/10 in round 6
            """)
    }
}
