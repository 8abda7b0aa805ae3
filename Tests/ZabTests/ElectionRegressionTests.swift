import Testing
import ZKWire
import Zab

/// What went wrong in Apache's elections over the years, by the number of its issue.
@Suite("Election: known bugs of Apache's")
struct ElectionRegressionTests {
    @Test("ZOOKEEPER-498: a server without weight neither votes nor wins, and keeps nobody waiting")
    func withoutWeight() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3:0:0
            up 2
            up 3
            begin 1/1/10
              -> 2 3: looking 1/1/10 round 1
            3 says looking 3/9/90 round 1
              -> 3: looking 1/1/10 round 1
            2 says looking 2/1/10 round 1
              -> 2 3: looking 2/1/10 round 1
              -> 3: following 2/1/10 round 1
              => 2/1/10 in round 1
            # The one without weight follows what the others have decided.
            server 3 of 1 2 3:0:0
            begin 3/9/90
              -> 1 2: looking 3/1/-1 round 0
            1 says looking 2/1/10 round 4
            2 says looking 2/1/10 round 4
              => 2/1/10 in round 4
            """)
    }

    @Test("ZOOKEEPER-1419: a server that others follow leads, if that was in this very round")
    func followedByOthers() {
        ElectionScript.expect(
            """
            server 5 of 1 2 3 4 5
            up 1
            up 2
            up 3
            begin 5/1/10
              -> 1 2 3 4: looking 5/1/10 round 1
            1 says following 5/1/10 round 9
            2 says following 5/1/10 round 9
            3 says following 5/1/10 round 9
            1 says following 5/1/10 round 1
            2 says following 5/1/10 round 1
              => 5/1/10 in round 1
            """)
    }

    @Test("ZOOKEEPER-1419: those that still follow a dead leader do not have it elected again")
    func deadLeaderIsFollowed() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 4 5
            up 2
            up 3
            up 4
            begin 1/1/10
              -> 2 3 4 5: looking 1/1/10 round 1
            2 says following 5/1/10 round 1
            3 says following 5/1/10 round 1
            4 says following 5/1/10 round 1
            after 5000
              -> 2 3 4 5: looking 1/1/10 round 1
            # Nor with the help of one that looks and has not noticed either.
            4 says looking 5/1/10 round 1
              -> 2 3 4 5: looking 5/1/10 round 1
            after 5000
              -> 2 3 4 5: looking 5/1/10 round 1
            5 says leading 5/1/10 round 1
              => 5/1/10 in round 1
            """)
    }

    @Test("ZOOKEEPER-1514: who is late for the round joins the leader that the others follow")
    func lateForTheRound() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 4 5
            begin 1/4/40
              -> 2 3 4 5: looking 1/4/40 round 1
            2 says following 4/5/50 round 70
            4 says leading 4/5/50 round 70
            3 says following 4/5/50 round 70
              => 4/5/50 in round 70
            """)
    }

    @Test("ZOOKEEPER-1732, 1818, 2164: what differs in the followers' notes keeps nobody out")
    func differingNotes() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 4 5
            begin 1/4/40
              -> 2 3 4 5: looking 1/4/40 round 1
            5 says leading 5/6/50 round 7
            2 says following 5/5/50 round 7
            3 says following 5/6/0 round 3
              => 5/6/50 in round 7
            # The same for a server that has counted more rounds than they.
            begin 1/4/40
              -> 2 3 4 5: looking 1/4/40 round 8
            begin 1/4/40
              -> 2 3 4 5: looking 1/4/40 round 9
            2 says following 5/5/50 round 7
            3 says following 5/6/0 round 3
            5 says leading 5/6/50 round 7
              => 5/6/50 in round 9
            """)
    }

    @Test("ZOOKEEPER-2930: a member that cannot be reached delays nobody")
    func unreachableMember() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 4 5
            up 2
            up 3
            begin 1/1/10
              -> 2 3 4 5: looking 1/1/10 round 1
            down 4
            down 5
            3 says looking 3/1/10 round 1
              -> 2 3 4 5: looking 3/1/10 round 1
            down 5
            2 says looking 3/1/10 round 1
              => 3/1/10 in round 1
            """)
    }

    @Test("ZOOKEEPER-2959: observers are no part of any quorum, whatever they say")
    func observersDoNotCount() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 observers 4 5
            begin 1/1/10
              -> 2 3: looking 1/1/10 round 1
            4 says looking 1/1/10 round 1
              -> 4: looking 1/1/10 round 1
            5 says following 1/1/10 round 1
            4 says observing 1/1/10 round 1
            5 says leading 5/1/10 round 1
            after 5000
              -> 2 3: looking 1/1/10 round 1
            """)
    }

    @Test("ZOOKEEPER-3109: who changed its mind too late joins the leader that lacks nobody else")
    func changedItsMind() {
        ElectionScript.expect(
            """
            server 2 of 1 2 3 4 5
            up 1
            up 3
            begin 2/1/10
              -> 1 3 4 5: looking 2/1/10 round 1
            3 says looking 3/1/10 round 1
              -> 1 3 4 5: looking 3/1/10 round 1
            4 says looking 4/1/20 round 1
              -> 1 3 4 5: looking 4/1/20 round 1
            1 says following 3/1/10 round 1
            3 says leading 3/1/10 round 1
              -> 4: following 3/1/10 round 1
              => 3/1/10 in round 1
            """)
    }

    @Test("ZOOKEEPER-3109: a leader knows when those that elected it look for another one")
    func disloyalVoters() {
        ElectionScript.expect(
            """
            server 3 of 1 2 3 4 5
            up 1
            up 2
            begin 3/1/10
              -> 1 2 4 5: looking 3/1/10 round 1
            1 says looking 3/1/10 round 1
            2 says looking 3/1/10 round 1
              => 3/1/10 in round 1
            followers 3
              may lead
            leading 3/1/10 hears 2 looking 4/1/20 round 1
              -> 2: leading 3/1/10 round 1
            followers 3
              abandoned
            followers 2 3
              may lead
            leading 3/1/10 hears 4 looking 3/1/10 round 1
              -> 4: leading 3/1/10 round 1
            followers 3
              may lead
            leading 3/1/10 hears 1 looking 1/1/10 round 2
              -> 1: leading 3/1/10 round 1
            followers 3
              abandoned
            """)
    }

    @Test("A server that does not look answers those that do, and nobody else")
    func answers() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 observers 4
            following 3/2/10 hears 2 looking 2/1/10 round 6
              -> 2: following 3/2/10 round 0
            following 3/2/10 hears 4 looking observer round 6
              -> 4: following 3/2/10 round 0
            following 3/2/10 hears 3 leading 3/2/10 round 6
            following 3/2/10 hears 9 looking 9/1/10 round 6
            observing 3/2/10 hears 2 looking 2/1/10 round 6
              -> 2: observing 3/2/10 round 0
            """)
    }
}
