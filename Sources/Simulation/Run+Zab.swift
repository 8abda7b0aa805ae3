import ZKWire
import Zab

// What the servers say of themselves and to each other, in the record.
extension Run {
    package func note(_ host: Host, _ notice: ZabNotice) {
        if case .closed(_, .protocolViolation(let reason)) = notice {
            fail("P-19", "\(host) is sent what must not come: \(reason)")
        }
        if case .learnerSyncing(let learner, let mode, _) = notice {
            moments.synchronizing(learner, ServerID(rawValue: Int64(host.number)))
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
