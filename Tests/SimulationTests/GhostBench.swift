import DataTree
import ServerCore
import Simulation
import TxnLog
import ZKWire
import Zab

/// A ghost that is told things by hand: three servers of which the first leads epoch 1, each with an
/// empty tree.
final class GhostBench {
    let run: Run
    let ghost: Ghost
    let leader = ServerID(rawValue: 1)
    let follower = ServerID(rawValue: 2)
    let third = ServerID(rawValue: 3)
    /// What the servers' clocks show.
    var now = Instant(nanoseconds: 0)

    /// - Parameter isBegun: the leader is established, everybody is in its epoch.
    init(isBegun: Bool = true) {
        var options = Options(seed: 1)
        options.keepsDigest = false
        run = Run(options)
        ghost = Ghost(run)
        guard isBegun else { return }
        for server in [leader, follower, third] { write(1, 1, server) }
        leads(1, leader)
    }

    /// The property that was found broken.
    var violation: String? { run.failure?.property }

    static func zxid(_ epoch: UInt32, _ counter: UInt32) -> Zxid {
        Zxid(epoch: Epoch(rawValue: epoch), counter: counter)
    }

    // MARK: What servers do

    func write(_ accepted: UInt32, _ current: UInt32, _ server: ServerID) {
        let epochs = Epochs(accepted: Epoch(rawValue: accepted), current: Epoch(rawValue: current))
        ghost.logDid(.epochsWritten(epochs), at: server)
    }

    func leads(_ epoch: UInt32, _ server: ServerID, life: Int = 1) {
        let role = Role.leading(Epoch(rawValue: epoch), isEstablished: true)
        observe(server, role, applied: .zero, assured: .zero, isServing: false, life: life)
    }

    func observe(
        _ server: ServerID, _ role: Role, applied: Zxid, assured: Zxid, isServing: Bool = true,
        tree: DataTree = DataTree(), life: Int = 1
    ) {
        ghost.observe(
            Standing(
                server: server, life: life, role: role, isServing: isServing, applied: applied,
                assured: assured, tree: tree, now: now))
    }

    /// Gives the log of a server a transaction.
    func hand(_ payload: [UInt8], _ zxid: Zxid, to server: ServerID, isLeading: Bool = false) {
        let batch = TxnBatch()
        payload.withByteView { batch.append(zxid: zxid, payload: $0) }
        batch.freeze()
        let role =
            isLeading
            ? Role.leading(zxid.epoch, isEstablished: true)
            : Role.following(leader, isSynced: true)
        ghost.handedOver(batch, by: server, role, now)
    }

    func synced(_ zxid: Zxid, _ server: ServerID) {
        ghost.logDid(.appended(upTo: ChainPoint(zxid: zxid, checksum: 0)), at: server)
    }

    func deliver(_ zxid: Zxid, at server: ServerID, tree: DataTree = DataTree()) {
        observe(
            server, .following(leader, isSynced: true), applied: zxid, assured: zxid, tree: tree)
    }

    /// The whole way of a transaction: proposed, durable on two servers, delivered by the leader.
    func commit(_ payload: [UInt8], _ zxid: Zxid) {
        for server in [leader, follower] {
            hand(payload, zxid, to: server, isLeading: server == leader)
            synced(zxid, server)
        }
        deliver(zxid, at: leader)
    }

    // MARK: Transactions

    static func txn(
        _ zxid: Zxid, _ op: OpCode = .error, session: Int64 = 0, cxid: Int32 = 0, time: Int64 = 0,
        _ write: (ByteWriter) -> Void = { $0.writeErrorTxn(-101) }
    ) -> [UInt8] {
        let bytes = ByteWriter()
        bytes.writeTxnHeader(
            TxnHeader(
                session: SessionID(rawValue: session), cxid: cxid, zxid: zxid, time: time,
                type: op.rawValue))
        write(bytes)
        return bytes.bytes
    }

    static func create(
        _ path: String, _ zxid: Zxid, kind: CreateTxn.Kind = .persistent, session: Int64 = 0,
        cxid: Int32 = 0, time: Int64 = 0, cversion: Int32 = 1, isSecret: Bool = false
    ) -> [UInt8] {
        let acl = ByteWriter()
        let owner = Identity(scheme: "digest", id: "alice:hash")
        acl.writeACL(
            isSecret ? [ACLEntry(permissions: .all, identity: owner)] : ACLEntry.openUnsafe)
        let op: OpCode =
            switch kind {
            case .persistent, .ephemeral: .create
            case .container: .createContainer
            case .ttl: .createTTL
            }
        return txn(zxid, op, session: session, cxid: cxid, time: time) { bytes in
            path.withByteView {
                bytes.writeCreateTxn(
                    CreateTxn(
                        path: $0, data: nil, acl: acl.view, kind: kind, parentCVersion: cversion))
            }
        }
    }

    static func set(_ path: String, _ data: String, _ zxid: Zxid, version: Int32 = 1) -> [UInt8] {
        txn(zxid, .setData) { bytes in
            path.withByteView { path in
                data.withByteView {
                    bytes.writeSetDataTxn(path: path, data: $0, version: version)
                }
            }
        }
    }

    static func closeSession(_ session: Int64, _ zxid: Zxid, cxid: Int32 = 0) -> [UInt8] {
        txn(zxid, .closeSession, session: session, cxid: cxid) { $0.writeInt32(0) }
    }

    static func createSession(_ session: Int64, _ zxid: Zxid, timeout: Int32) -> [UInt8] {
        txn(zxid, .createSession, session: session) {
            $0.writeCreateSessionTxn(timeoutMilliseconds: timeout)
        }
    }
}
