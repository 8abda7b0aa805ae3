import ZKWire

// Session ids and passwords as Apache derives them, so that a client that leaves one of its servers
// resumes its session on one of ours (Apache `ZooKeeperServer.generatePasswd`,
// `SessionTrackerImpl.initializeNextSessionId`).

/// The 16 bytes that prove that a session id was given out by an ensemble.
package enum SessionPassword {
    /// Apache's constant; the same on every server, or sessions could not move.
    private static let superSecret: Int64 = 0xB341_5C00

    package static func password(for session: SessionID) -> [UInt8] {
        var random = JavaRandom(seed: session.rawValue ^ superSecret)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for _ in 0..<4 {
            var word = random.next32()
            for _ in 0..<4 {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        return bytes
    }

    package static func isValid(_ password: [UInt8], for session: SessionID) -> Bool {
        session != .none && password == SessionPassword.password(for: session)
    }
}

/// The 48-bit linear congruential generator that `java.util.Random` documents.
struct JavaRandom {
    private static let multiplier: Int64 = 0x5_DEEC_E66D
    private static let mask: Int64 = (1 << 48) - 1
    private var state: Int64

    init(seed: Int64) { state = (seed ^ JavaRandom.multiplier) & JavaRandom.mask }

    mutating func next32() -> Int32 {
        state = (state &* JavaRandom.multiplier &+ 0xB) & JavaRandom.mask
        return Int32(truncatingIfNeeded: state >> 16)
    }
}

extension SessionID {
    /// The first id that a server gives out after a start: its number in the high byte, then time.
    /// - Parameters:
    ///   - wallMilliseconds: since 1970.
    ///   - known: sessions that live; see `above`.
    package static func initial(
        server: ServerID, wallMilliseconds: Int64, known: [SessionID] = [], salt: UInt64 = 0
    ) -> SessionID {
        let time = UInt64(bitPattern: wallMilliseconds << 24) >> 8
        var id = Int64(bitPattern: time) | (server.rawValue << 56)
        // The one value that would read as a container's owner is never given out.
        if id == NodeKind.containerOwner { id += 1 }
        return SessionID(rawValue: id).above(known, salt: salt)
    }

    /// This one or, if the same server gave out higher ones already, one above those: its clock was
    /// set back since, and nobody is given another client's session.
    /// - Parameter salt: of this start. Ids above the known ones may have been given out too, to
    ///   sessions that are closed by now, whose clients could come back: by chance those are missed.
    func above(_ known: [SessionID], salt: UInt64) -> SessionID {
        var id = rawValue
        for session in known where session.rawValue >> 56 == id >> 56 {
            id = max(id, session.rawValue + 1)
        }
        guard id != rawValue else { return self }
        let farther = id &+ Int64(salt & 0xff_ffff) << 16
        return SessionID(rawValue: farther >> 56 == id >> 56 ? farther : id)
    }
}
