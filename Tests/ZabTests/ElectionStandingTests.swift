import Testing
import ZKWire
import Zab

/// Servers whose disk may have forgotten a promise, and what hostile or confused members say.
@Suite("Election: who may vote, and what is believed")
struct ElectionStandingTests {
    @Test("ZOOKEEPER-261: A blank server says so, learns from the others, and does not vote")
    func blankServer() {
        ElectionScript.expect(
            """
            server 3 of 1 2 3
            up 1
            up 2
            begin 3/0/0 blank
              -> 1 2: looking 3/0/-1 round 0
            2 says looking 2/4/40 round 6
            1 says looking 1/0/-1 round 0
            1 says looking 2/4/40 round 6
              => 2/4/40 in round 6
            """)
    }

    @Test("A blank server's word is answered, and neither counted nor waited for")
    func blankIsHeard() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 4 5
            up 2
            up 3
            up 4
            begin 1/1/10
              -> 2 3 4 5: looking 1/1/10 round 1
            4 says looking 4/0/-1 round 0
              -> 4: looking 1/1/10 round 1
            3 says looking 3/1/10 round 1
              -> 2 3 4 5: looking 3/1/10 round 1
            2 says looking 3/1/10 round 1
              -> 4: following 3/1/10 round 1
              => 3/1/10 in round 1
            """)
    }

    @Test("A voter that follows without a vote is not waited for")
    func observingVoter() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            up 2
            up 3
            begin 1/1/10
              -> 2 3: looking 1/1/10 round 1
            3 says observing 2/1/10 round 0
            2 says looking 2/1/10 round 1
              -> 2 3: looking 2/1/10 round 1
              => 2/1/10 in round 1
            """)
    }

    @Test("In the first start of an ensemble the blank servers vote, once all are heard")
    func firstStart() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            up 2
            up 3
            begin 1/0/0 blank
              -> 2 3: looking 1/0/-1 round 0
            2 says looking 2/0/-1 round 0
            3 says looking 3/0/-1 round 0
              -> 2 3: looking 1/0/0 round 1
            3 says looking 3/0/0 round 1
              -> 2 3: looking 3/0/0 round 1
            2 says looking 3/0/0 round 1
              => 3/0/0 in round 1
            """)
    }

    @Test("In the first start with Apache members, theirs vote before ours do")
    func firstStartWithApache() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            up 2
            begin 1/0/0 blank
              -> 2 3: looking 1/0/-1 round 0
            2 says looking 2/0/0 round 1
            up 3
              -> 3: looking 1/0/-1 round 1
            3 says looking 3/0/0 round 1
              -> 2 3: looking 3/0/0 round 1
            2 says looking 3/0/0 round 1
              => 3/0/0 in round 1
            """)
    }

    @Test("One voter with a history, or one that is not heard, keeps blank servers from voting")
    func notTheFirstStart() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            begin 1/0/0 blank
              -> 2 3: looking 1/0/-1 round 0
            2 says looking 2/0/-1 round 0
            after 200
              -> 2 3: looking 1/0/-1 round 0
            # Without a vote as well, but it has been part of something.
            3 says looking 3/1/-1 round 0
            3 says following 2/0/0 round 3
            3 says looking 3/1/0 round 3
            3 says looking 2/0/40 round 3
            """)
    }

    @Test("A server that is being repaired does not vote though all others are blank")
    func recoveringServer() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            begin 1/0/0 novote
              -> 2 3: looking 1/1/-1 round 0
            2 says looking 2/0/-1 round 0
            3 says looking 3/0/-1 round 0
            """)
    }

    @Test("A server without a vote does not make itself the missing part of a quorum")
    func noVoteNoQuorum() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            up 3
            begin 1/0/0 novote
              -> 2 3: looking 1/1/-1 round 0
            3 says looking 3/4/40 round 6
            3 says leading 3/4/40 round 6
            3 says looking 1/4/40 round 7
            2 says following 1/4/40 round 7
            2 says looking 1/0/0 round 8
            3 says looking 1/0/0 round 8
            after 199
            """)
    }

    @Test("Votes for strangers, observers and nobody are not taken, and not waited for")
    func votesForNobody() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3 4 5 observers 6
            up 2
            up 3
            begin 1/1/10
              -> 2 3 4 5: looking 1/1/10 round 1
            2 says looking 9/9/90 round 5
              -> 2: looking 1/1/10 round 1
            2 says looking 6/9/90 round 5
              -> 2: looking 1/1/10 round 1
            2 says looking -5/9/90 round 5
              -> 2: looking 1/1/10 round 1
            2 says looking 2/9/90 round -1
              -> 2: looking 1/1/10 round 1
            2 says leading 9/9/90 round 1
            2 says following 9/9/90 round 1
            """)
    }

    @Test("What strangers say, or somebody in this server's name, changes nothing")
    func strangers() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            begin 1/1/10
              -> 2 3: looking 1/1/10 round 1
            9 says looking 9/9/90 round 9
            1 says looking 3/9/90 round 9
            up 9
            down 9
            255 says leading 255/9/90 round 9
            """)
    }

    @Test("Who says that another one leads is not believed to be that one")
    func leadingInAnothersName() {
        ElectionScript.expect(
            """
            server 1 of 1 2 3
            begin 1/1/10
              -> 2 3: looking 1/1/10 round 1
            2 says leading 3/1/10 round 1
            3 says following 3/1/10 round 1
            3 says leading 2/1/10 round 1
            2 says following 3/1/10 round 1
            """)
    }

    @Test("What others remember of this server from before its restart is not voted for")
    func formerSelf() {
        ElectionScript.expect(
            """
            server 3 of 1 2 3
            up 1
            begin 3/1/10
              -> 1 2: looking 3/1/10 round 1
            1 says looking 3/2/50 round 7
              -> 1 2: looking 3/1/10 round 8
            1 says looking 3/1/10 round 8
              => 3/1/10 in round 8
            """)
    }

    @Test("A round that cannot grow any more stops no election")
    func lastRound() {
        ElectionScript.expect(
            """
            server 2 of 1 2 3
            up 1
            begin 2/1/10
              -> 1 3: looking 2/1/10 round 1
            1 says looking 1/1/10 round 9223372036854775807
              -> 1 3: looking 2/1/10 round 9223372036854775807
            1 says looking 2/1/10 round 9223372036854775807
              => 2/1/10 in round 9223372036854775807
            begin 2/1/10
              -> 1 3: looking 2/1/10 round 9223372036854775807
            1 says looking 2/1/10 round 9223372036854775807
              => 2/1/10 in round 9223372036854775807
            """)
    }

    @Test("A hundred thousand notifications of all kinds leave one word of each voter")
    func boundedMemory() {
        var random = ElectionRandom(seed: 7)
        let configuration = ElectionScript.configuration(
            1, of: ["1", "2", "3", "4", "5"], observers: ["6"])
        var election = Election(configuration)
        var effects = ZabEffects()
        let now = Instant(nanoseconds: 0)
        let own = Zab.Vote(
            leader: configuration.serverID, zxid: Zxid(rawValue: 16), peerEpoch: Epoch(rawValue: 1))
        for _ in 0..<100_000 {
            if !election.isLooking {
                election.begin(own: own, mayVote: true, now: now, into: &effects)
            }
            let said = Zab.Notification(
                sender: ServerID(rawValue: random.number(in: -1...300)),
                state: Zab.Notification.State(rawValue: Int32(random.number(in: 0...3)))!,
                vote: Zab.Vote(
                    leader: ServerID(rawValue: random.number(in: -1...8)),
                    zxid: Zxid(rawValue: .random(in: .min ... .max, using: &random)),
                    peerEpoch: Epoch(rawValue: .random(in: 0 ... .max, using: &random))),
                round: .random(in: .min ... .max, using: &random))
            _ = election.receive(said, now: now, into: &effects)
            #expect(election.rememberedWords <= 5)
            #expect(effects.notify.count <= 20)
            effects.removeAll()
        }
    }
}
