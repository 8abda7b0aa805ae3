import Testing
import ZKWire
import Zab

@Suite("The search for a leader that was elected")
struct LeaderSearchTests {
    private let leader = ServerID(rawValue: 3)
    private let other = ServerID(rawValue: 2)

    @Test("waits double up to 200 ms, and end with the limit")
    func waits() {
        var now = Instant(nanoseconds: 0)
        var search = LeaderSearch(leader, now: now, limit: .seconds(1))
        var waits: [Int64] = []
        _ = search.beginAttempt()
        while let wait = search.missed(now: now) {
            waits.append(wait.wholeMilliseconds)
            now = now + wait
        }
        #expect(waits == [20, 40, 80, 160, 200, 200, 200])
    }

    @Test("dials again beside an attempt that has no answer, and the last one decides")
    func redial() {
        let begin = Instant(nanoseconds: 0)
        var search = LeaderSearch(leader, now: begin, limit: .seconds(3))
        let first = search.beginAttempt()
        #expect(search.isRedialDue(first, now: begin + LeaderSearch.redialInterval))
        let second = search.beginAttempt()
        #expect(!search.isRedialDue(first, now: begin + .seconds(1)), "it was, once")
        #expect(!search.isLatest(first) && search.isLatest(second))
        #expect(search.isRedialDue(second, now: begin + .seconds(2)))
        #expect(!search.isRedialDue(second, now: begin + .seconds(3)), "the limit ends it")
        #expect(LeaderSearch.redialInterval < LeaderSearch.attemptTimeout)
    }

    @Test("is given up by a server that does not follow that leader any more")
    func roles() {
        let search = LeaderSearch(leader, now: Instant(nanoseconds: 0), limit: .seconds(1))
        #expect(search.isWanted(in: .following(leader, isSynced: false)))
        #expect(search.isWanted(in: .observing(leader, isSynced: false)))
        #expect(!search.isWanted(in: .following(other, isSynced: false)))
        #expect(!search.isWanted(in: .observing(other, isSynced: true)))
        #expect(!search.isWanted(in: .looking))
        #expect(!search.isWanted(in: .leading(Epoch(rawValue: 1), isEstablished: false)))
    }
}
