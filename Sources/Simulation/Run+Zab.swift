import ZKWire
import Zab

// What the servers say of themselves and to each other, in the record.
extension Run {
    func note(_ host: Host, _ notice: ZabNotice) {
        if case .learnerSyncing(_, let mode, _) = notice {
            switch mode {
            case .diff: figures.memoryDiffs += 1
            case .trunc: figures.memoryTruncs += 1
            case .snap: break
            }
        }
        record("notice", host.number)
        note(host, "\(notice)")
    }

    func note(_ packet: QuorumPacket, from: Host, to host: Host) {
        record("packet", from.number, host.number, Int(packet.rawType))
        note(host, "gets \(packet.type.map { "\($0)" } ?? "?") \(packet.zxid) of \(from)")
    }
}
