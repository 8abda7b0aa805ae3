import DataTree
import ZKWire
import Zab

/// What a server shows of itself after a step.
package struct Standing {
    package let server: ServerID
    /// Which life of its machine it is.
    package let life: Int
    package let role: Role
    package let isServing: Bool
    /// The last transaction in its tree.
    package let applied: Zxid
    /// Everything up to here is committed and durable, as it knows.
    package let assured: Zxid
    package let tree: DataTree
    /// What its monotonic clock shows.
    package let now: Instant

    package init(
        server: ServerID, life: Int, role: Role, isServing: Bool, applied: Zxid, assured: Zxid,
        tree: DataTree, now: Instant
    ) {
        self.server = server
        self.life = life
        self.role = role
        self.isServing = isServing
        self.applied = applied
        self.assured = assured
        self.tree = tree
        self.now = now
    }
}
