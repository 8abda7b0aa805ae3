import Storage
import TxnLog
import ZKWire

package struct Meta: Equatable, Sendable {
    package var serverID: ServerID
    package var ensembleID: UInt64
    package var acceptedEpoch: Epoch
    package var currentEpoch: Epoch
    package var base: LogBase
}
package final class MetaStore<D: Disk> {
    package var current: Meta
    init(_ m: Meta) { current = m }
}
extension Recovery {
    func createMeta(base: LogBase, acceptedEpoch: Epoch?, currentEpoch: Epoch?) throws(RecoveryError) {
        let w = ByteWriter()
        w.writeInt64(configuration.serverID.rawValue)
        w.writeInt64(Int64(bitPattern: configuration.newEnsembleID))
        w.writeInt32(Int32(acceptedEpoch?.rawValue ?? 0)); w.writeInt32(Int32(currentEpoch?.rawValue ?? 0))
        w.writeInt32(Int32(base.generation)); w.writeInt64(base.point.zxid.rawValue); w.writeInt32(Int32(bitPattern: base.point.checksum))
        try onDisk { () throws(DiskError) in
            let f = try disk.create(directory.own + "/meta-a")
            try f.write(w.view, at: 0); try f.sync(); try disk.syncDirectory(directory.own)
        }
    }
    func openMeta() throws(RecoveryError) -> MetaStore<D> {
        var b = [UInt8](repeating: 0, count: 40)
        try onDisk { () throws(DiskError) in
            let f = try disk.open(directory.own + "/meta-a")
            _ = try b.readAll(of: f, at: 0)
        }
        let m = b.withByteView { v in var r = JuteReader(v)
            return Meta(serverID: ServerID(rawValue: try! r.readInt64()), ensembleID: UInt64(bitPattern: try! r.readInt64()), acceptedEpoch: Epoch(rawValue: UInt32(try! r.readInt32())), currentEpoch: Epoch(rawValue: UInt32(try! r.readInt32())), base: LogBase(generation: UInt32(try! r.readInt32()), point: ChainPoint(zxid: Zxid(rawValue: try! r.readInt64()), checksum: UInt32(bitPattern: try! r.readInt32())))) }
        guard m.serverID == configuration.serverID else { throw .wrongServer(path: directory.own, stored: m.serverID, configured: configuration.serverID) }
        return MetaStore(m)
    }
}
