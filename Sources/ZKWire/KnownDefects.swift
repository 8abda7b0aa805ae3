/// Known bugs of Apache ZooKeeper, each named by its number in Apache's JIRA, put back on purpose so
/// that the simulator can be seen to find them (docs/simulation.md, "Canaries"). No server can be
/// told to have one: only `Simulation` and `zksim` set them, which a test holds
/// (`ModuleGraphTests`).
///
/// D-nn: the rule of design that it breaks, as docs/simulation.md has them.
package struct KnownDefects: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    private init(bit: UInt32) { rawValue = 1 << bit }

    /// A leader sends DIFF where the learner's log has an end that is not in its own: nothing is cut.
    /// D5, D6.
    package static let zookeeper1154 = KnownDefects(bit: 0)
    /// A zxid's counter rolls over into the epoch. D17.
    package static let zookeeper1277 = KnownDefects(bit: 1)
    /// After a cut the log goes on in the file that it had open, where the cut part ended. D6.
    package static let zookeeper1489 = KnownDefects(bit: 2)
    /// A server does not start whose log has more of an epoch than `currentEpoch` says. D3, D15.
    package static let zookeeper1653 = KnownDefects(bit: 3)
    /// A leader commits nothing while a learner that is sent a snapshot takes none of it. D11.
    package static let zookeeper2201 = KnownDefects(bit: 4)
    /// A set of an empty path is proposed. D14.
    package static let zookeeper2213 = KnownDefects(bit: 5)
    /// Where no snapshot can be used the log is replayed on an empty tree. D4.
    package static let zookeeper2325 = KnownDefects(bit: 6)
    /// A learner takes itself to have what DIFF says before it has it. D2.
    package static let zookeeper2355 = KnownDefects(bit: 7)
    /// A leader sends what it has in memory after what it has sent from its log, whatever lies
    /// between. D5.
    package static let zookeeper2418 = KnownDefects(bit: 8)
    /// Purging goes by the first transaction of a log's file and not by the last one. D12.
    package static let zookeeper2574 = KnownDefects(bit: 9)
    /// Before an election a server forgets what it has logged and not applied; its log does not. D2.
    package static let zookeeper2845 = KnownDefects(bit: 10)
    /// A leader's snapshot is not synced to the disk. D7.
    package static let zookeeper2872 = KnownDefects(bit: 11)
    /// NEWLEADER is sent before the end of what goes before it. D20.
    package static let zookeeper3104 = KnownDefects(bit: 12)
    /// A transaction of several parts counts as applied from its first part on. D10.
    package static let zookeeper3127 = KnownDefects(bit: 13)
    /// A session is known only after the transaction that created it counts as applied. D10.
    package static let zookeeper3144 = KnownDefects(bit: 14)
    /// A creation that is replayed on a znode that is there does not bring its access control list.
    /// D10.
    package static let zookeeper3306 = KnownDefects(bit: 15)
    /// A leader's snapshot is in memory only until NEWLEADER comes, also where that comes from another
    /// leader. D7, D2.
    package static let zookeeper3642 = KnownDefects(bit: 16)
    /// A cut of the log that fails is taken for done. D6, D9.
    package static let zookeeper3701 = KnownDefects(bit: 17)
    /// NEWLEADER is acknowledged at once; what came before it is logged after UPTODATE. D1, D3.
    package static let zookeeper3911 = KnownDefects(bit: 18)
    /// `currentEpoch` is written before the history that came before NEWLEADER. D3.
    package static let zookeeper4643 = KnownDefects(bit: 19)
    /// NEWLEADER is acknowledged while the history that came before it is on its way to the log. D1.
    package static let zookeeper4646 = KnownDefects(bit: 20)
    /// A learner's log goes on writing when the learner has ended and an election has begun. D8.
    package static let zookeeper4712 = KnownDefects(bit: 21)
    /// A server lives on whose log could not be written, and comes back with what it has in memory.
    /// D2, D9.
    package static let zookeeper4882 = KnownDefects(bit: 22)
    /// What came between NEWLEADER and UPTODATE is missing in what a server that leads later sends
    /// from its memory, and no learner minds the gap. D4.
    package static let zookeeper4925 = KnownDefects(bit: 23)
}
