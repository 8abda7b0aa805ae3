import Storage
import TxnLog
import ZKWire

extension MetaRecord {
    /// What the log stands on, in the log's own types.
    package var base: LogBase {
        LogBase(
            generation: baseGeneration,
            point: ChainPoint(zxid: Zxid(rawValue: baseZxid), checksum: baseChecksum))
    }
}
