import ZKWire

/// A snapshot on its way from another member.
struct SnapshotFetch: Equatable, Sendable {
    let server: ServerID
    let offer: SnapshotOffer
    var offset: Int64 = 0
    var isChecking = false
}
