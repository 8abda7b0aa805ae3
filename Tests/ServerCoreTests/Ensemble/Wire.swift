import ZKWire
import Zab

/// A connection between a learner, which opened it, and a leader.
final class Wire {
    struct End {
        let member: Member
        let link: LinkID
        /// Bytes on their way to this end.
        var incoming: [[UInt8]] = []
        var decoder = QuorumPacketDecoder()
        /// A snapshot is being installed: the packets behind it come after that.
        var isBlocked = false

        var isReady: Bool { !isBlocked && !incoming.isEmpty }
    }

    var ends: [End]
    var isOpen = true
    /// What the leader sent as a snapshot, beside the bytes.
    var snapshot: [StandInDisk.Record] = []

    init(learner: Member, _ learnerLink: LinkID, leader: Member, _ leaderLink: LinkID) {
        ends = [End(member: learner, link: learnerLink), End(member: leader, link: leaderLink)]
    }

    func index(of member: Member, _ link: LinkID) -> Int? {
        ends.firstIndex { $0.member === member && $0.link == link }
    }

    /// Hands the oldest bytes over to the end with this index.
    func deliver(to index: Int) {
        guard isOpen, ends[index].isReady else { return }
        let bytes = ends[index].incoming.removeFirst()
        let (member, link) = (ends[index].member, ends[index].link)
        bytes.withByteView { view in
            var rest = view
            while isOpen {
                guard let packet = try? ends[index].decoder.next(&rest) else { return }
                member.step(.zab(.packet(link, packet)))
                guard packet.type == .snap, isOpen else { continue }
                ends[index].isBlocked = true
                if rest.count > 0 { ends[index].incoming.insert([UInt8](rest), at: 0) }
                return
            }
        }
        member.step(.zab(.linkDrained(link)))
    }
}
