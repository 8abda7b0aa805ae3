import DataTree
import Snapshot
import TxnLog
import ZKWire
import Zab

/// What the log's thread has done, in the order of its messages (`LogThread.Report`).
package enum LogReport {
    case appended(upTo: ChainPoint)
    case epochsWritten(Epochs)
    case truncated(to: ChainPoint, DataTree?)
    case installed(LinkID, ChainPoint, SnapshotOrigin, DataTree)
    case treeReplaced(LinkID, ChainPoint, DataTree)
    case installFailed(LinkID, reason: String)
}
