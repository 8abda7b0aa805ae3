// The way of a peer to each state, for tests that begin there.

import ZKWire
import Zab

extension PeerScript {
    static func zxid(_ epoch: UInt32, _ counter: UInt32) -> Zxid {
        Zxid(epoch: Epoch(rawValue: epoch), counter: counter)
    }

    /// Elected by server 2; server 3 has not been heard of.
    func becomeLeader() {
        step(.started)
        let own = Zab.Vote(
            leader: me, zxid: peer.history.last, peerEpoch: peer.epochs.current)
        step(
            .notification(
                Zab.Notification(
                    sender: ServerID(rawValue: 2), state: .looking, vote: own, round: 1)))
        wait(milliseconds: 10)
        step(.electionLink(ServerID(rawValue: 2), isUp: true))
        wait(milliseconds: Int64(configuration.finalizeWait.wholeMilliseconds) + 20)
    }

    /// A learner connects and says who it is, with the promise that it has made.
    func arrive(
        _ link: UInt64, server: Int64, accepted: UInt32 = 1, version: Int32 = 0x10001,
        isObserver: Bool = false
    ) {
        step(.learnerArrived(LinkID(rawValue: link)))
        let info = LearnerInfo(
            server: ServerID(rawValue: server), protocolVersion: version,
            configuration: ConfigurationVersion(rawValue: 0))
        let epoch = Epoch(rawValue: accepted)
        learner(
            link,
            says: isObserver
                ? .observerInfo(acceptedEpoch: epoch, info)
                : .followerInfo(acceptedEpoch: epoch, info))
    }

    /// A learner by link 2 that has what `last` and `epoch` say has acknowledged the new epoch.
    func inviteFollower(
        last: Zxid? = nil, epoch: UInt32 = 1, version: Int32 = 0x10001
    ) {
        arrive(2, server: 2, accepted: epoch, version: version)
        disk()
        learner(
            2,
            says: .ackEpoch(
                lastLoggedZxid: last ?? peer.history.last, currentEpoch: Epoch(rawValue: epoch)))
        disk()
    }

    /// Leads epoch 2 with server 2 for a quorum, by link 2.
    func becomeEstablished(version: Int32 = 0x10001) {
        becomeLeader()
        inviteFollower(version: version)
        learner(2, says: .ack(PeerScript.zxid(2, 0)))
        flush()
        _ = done()
    }

    /// Server 2 leads and server 3 follows it; this server connects by link 9.
    func becomeLearner() {
        step(.started)
        for (sender, state) in [(2, Zab.Notification.State.leading), (3, .following)] {
            step(
                .notification(
                    Zab.Notification(
                        sender: ServerID(rawValue: Int64(sender)), state: state,
                        vote: Zab.Vote(
                            leader: ServerID(rawValue: 2), zxid: peer.history.last,
                            peerEpoch: peer.epochs.current), round: 1)))
        }
        step(.leaderReached(LinkID(rawValue: 9)))
    }

    /// The leader has named epoch 2 and knows where this server's history ends.
    func becomeAcknowledging(version: Int32 = 0x10001) {
        becomeLearner()
        leader(says: .leaderInfo(Epoch(rawValue: 2), protocolVersion: version))
        disk()
        _ = done()
    }

    /// Synchronized by an empty DIFF, and serving.
    func becomeSynced(version: Int32 = 0x10001) {
        becomeAcknowledging(version: version)
        leader(says: .diff(peer.history.last))
        leader(says: .newLeader(PeerScript.zxid(2, 0), membership: nil))
        disk()
        leader(says: .upToDate)
        flush()
        _ = done()
    }

    func leader(proposes zxids: Zxid...) {
        for zxid in zxids {
            withUnsafeBytes(of: zxid.rawValue) { payload in
                _ = leader(says: .proposal(zxid, payload: payload))
            }
        }
    }

    func leader(informs zxid: Zxid) {
        withUnsafeBytes(of: zxid.rawValue) { payload in
            _ = leader(says: .inform(zxid, payload: payload))
        }
    }
}
