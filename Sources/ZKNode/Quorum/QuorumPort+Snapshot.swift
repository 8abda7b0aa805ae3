import NIOCore
import ZKWire
import Zab

// A snapshot that a leader sends to this server.
extension QuorumPort {
    func beginSnapshot(_ link: QuorumLink) -> SnapshotFeed {
        let feed = SnapshotFeed { [eventLoop] in
            eventLoop.execute { link.setReading(true) }
        }
        link.input = .snapshot(feed)
        return feed
    }

    func take(_ bytes: ByteView, _ feed: SnapshotFeed, _ link: QuorumLink) {
        if !feed.push(bytes) { link.setReading(false) }
        report(.progress(link.id))
    }

    /// A leader cannot be heard while what it has sent waits for this server's disk.
    func excuseLeaders() {
        for link in links.values {
            guard case .snapshot(let feed) = link.input, feed.isWaitingForReader else { continue }
            report(.progress(link.id))
        }
    }

    /// Where the snapshot of this connection comes from.
    func feed(of id: LinkID) -> SnapshotFeed? {
        guard case .snapshot(let feed)? = links[id]?.input else { return nil }
        return feed
    }

    /// It is installed: packets again, those first that came behind it.
    func snapshotInstalled(_ id: LinkID) {
        guard let link = links[id], case .snapshot(let feed) = link.input else { return }
        link.input = .packets
        let rest = feed.takeRest()
        rest.withByteView { received($0, link) }
        link.setReading(true)
    }
}

extension QuorumLink {
    func setReading(_ isReading: Bool) {
        channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
    }
}
