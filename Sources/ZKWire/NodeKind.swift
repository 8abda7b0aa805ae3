// What kind of znode, as a request's flags say it and as `ephemeralOwner` keeps it.

/// The seven ways to create (Apache `CreateMode`); the raw value is the request's `flags`.
package enum CreateMode: Int32, Sendable {
    case persistent = 0
    case ephemeral = 1
    case persistentSequential = 2
    case ephemeralSequential = 3
    case container = 4
    case persistentWithTTL = 5
    case persistentSequentialWithTTL = 6

    package var isEphemeral: Bool { self == .ephemeral || self == .ephemeralSequential }
    package var isSequential: Bool {
        self == .persistentSequential || self == .ephemeralSequential
            || self == .persistentSequentialWithTTL
    }
    package var isContainer: Bool { self == .container }
    package var isTTL: Bool { self == .persistentWithTTL || self == .persistentSequentialWithTTL }
}

/// What `ephemeralOwner` says a znode is (Apache `EphemeralType`, extended types on).
package enum NodeKind: Equatable, Sendable {
    case persistent
    case ephemeral(SessionID)
    case container
    /// Milliseconds that the znode may stay unchanged and without children.
    case ttl(milliseconds: Int64)

    /// `Long.MIN_VALUE` marks a container.
    package static let containerOwner = Int64.min
    /// The high byte of an extended type (0xFF) and its feature number (0x0000 for TTL).
    package static let extendedMask: Int64 = Int64(bitPattern: 0xFF00_0000_0000_0000)
    package static let extendedFeatureMask: Int64 = 0x00FF_FF00_0000_0000
    package static let extendedValueMask: Int64 = 0x0000_00FF_FFFF_FFFF
    /// The longest TTL in milliseconds: 40 bits.
    package static let maximumTTL: Int64 = 0x0000_00FF_FFFF_FFFF

    package init(ephemeralOwner: Int64) {
        if ephemeralOwner == 0 {
            self = .persistent
        } else if ephemeralOwner == NodeKind.containerOwner {
            self = .container
        } else if ephemeralOwner & NodeKind.extendedMask == NodeKind.extendedMask,
            ephemeralOwner & NodeKind.extendedFeatureMask == 0
        {
            self = .ttl(milliseconds: ephemeralOwner & NodeKind.extendedValueMask)
        } else {
            self = .ephemeral(SessionID(rawValue: ephemeralOwner))
        }
    }

    package var ephemeralOwner: Int64 {
        switch self {
        case .persistent: 0
        case .ephemeral(let session): session.rawValue
        case .container: NodeKind.containerOwner
        case .ttl(let milliseconds): NodeKind.extendedMask | milliseconds
        }
    }
}
