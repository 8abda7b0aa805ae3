// The constants of the repair protocol. Specification: docs/formats/repair.md.

import ZKWire

package enum RepairFormat {
    /// The first long of a connection to the election port that is for repairs. Negative and none of
    /// Apache's two, so that Apache's servers close such a connection ("ZKNODRPR", negated).
    package static let protocolID: Int64 = -0x5a4b_4e4f_4452_5052
    package static let version: Int32 = 1

    static let lengthBytes = 4
    /// A request is a kind and a few numbers.
    package static let maximumRequestBytes = 64
    /// A response holds at least one transaction, however long, and no more than this beside it.
    package static let pieceBytes = 1 << 20
    package static let maximumResponseBytes = (128 << 20) + pieceBytes + 4096
    /// Transactions of one response.
    static let maximumTxns = 16_384
    /// Snapshots that a status tells of.
    static let maximumSnapshots = 16
}
