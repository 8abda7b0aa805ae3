// Apache's snapshot stream (`FileSnap.serialize`, `SerializeUtils.serializeSnapshot`,
// `DataTree.serialize`), read as it comes:
//
//     header      magic "ZKSN", version 2, database id
//     sessions    count, then (id, timeout) each
//     acls        count, then (id, vector<ACL>) each
//     nodes       (path, data, acl id, StatPersisted) each, parents first; the path "/" ends them
//     seal        Adler-32 of everything before, the string "/"
//     trailers    from 3.6 a digest and from 3.9 the last zxid, each with a seal of its own
//
// 1. Every byte is parsed once, where it lies; only a record cut by the end of a chunk is copied.
// 2. No field is taken to be longer than `limits` says, so memory is bounded.
// 3. What was given to the sink counts only after `finish` has returned.
import ZKWire

/// A push decoder of the stream. Chunks may be cut anywhere.
package struct SnapshotStreamDecoder {
    /// What is expected next.
    enum Stage: Equatable {
        case header
        case sessionCount
        case sessions(left: Int32)
        case aclCount
        case acls(left: Int32)
        case nodes
        case seal
        case trailer
    }

    let limits: SnapshotLimits
    var stage = Stage.header
    /// Of everything parsed.
    var checksum = Adler32()
    /// Bytes of the stream parsed so far.
    var offset: Int64 = 0
    package internal(set) var znodeCount: UInt64 = 0
    package internal(set) var sessionCount: UInt64 = 0
    /// The start of a record whose end has not come yet.
    private let carry = ByteWriter(capacity: 4096)
    /// All after the first seal; read in `finish`.
    let trailer = ByteWriter(capacity: SnapshotFormat.maximumTrailerSize)
    /// `checksum` after the first seal: the trailer is checked when all of it is there.
    var checksumAtTrailer = Adler32()

    /// The stream as leaders send it to learners: without the header before and the seal after it.
    let isWireForm: Bool

    package init(limits: SnapshotLimits = SnapshotLimits(), isWireForm: Bool = false) {
        self.limits = limits
        self.isWireForm = isWireForm
        if isWireForm { stage = .sessionCount }
    }

    /// Whether the znodes have ended; in the wire's form that is all there is.
    package var isThroughNodes: Bool { stage == .seal || stage == .trailer }

    /// Decodes all whole records of `chunk` and keeps the rest for the next call.
    /// - Returns: how much of the chunk was taken: all, except where the wire's form has ended.
    @discardableResult
    package mutating func consume<Sink: SnapshotSink & ~Copyable>(
        _ chunk: ByteView, into sink: inout Sink
    ) throws(SnapshotFault) -> Int {
        var start = 0
        if carry.count > 0 {
            start = try completeCarry(from: chunk, into: &sink)
        }
        guard start < chunk.count else { return start }
        let rest = chunk[view: start..<chunk.count]
        let parsed = try parse(rest, into: &sink)
        if isWireForm, isThroughNodes { return start + parsed }
        carry.writeRaw(rest[view: parsed..<rest.count])
        return chunk.count
    }

    /// The stream has ended: checks that it is complete.
    package mutating func finish() throws(SnapshotFault) -> SnapshotContentSummary {
        guard stage == .trailer, carry.count == 0 else {
            throw SnapshotFault(.truncated, in: .content, at: offset + Int64(carry.count))
        }
        let end = try SnapshotTrailer(
            decoding: trailer.view, at: offset - Int64(trailer.count), checksum: checksumAtTrailer)
        return SnapshotContentSummary(
            znodeCount: znodeCount, sessionCount: sessionCount, sizeBytes: offset,
            checksum: checksum.value, digest: end.digest, lastZxid: end.lastZxid)
    }

    /// Completes the record that the last chunk cut, and returns how much of `chunk` that took.
    private mutating func completeCarry<Sink: SnapshotSink & ~Copyable>(
        from chunk: ByteView, into sink: inout Sink
    ) throws(SnapshotFault) -> Int {
        var taken = 0
        while taken < chunk.count {
            let needed = try sizeNeeded(carry.view)
            if needed > carry.count {
                // More than needed, by doubling, so that a long record is not measured again for
                // each of its fields; what is too much goes back below.
                let more = min(max(needed - carry.count, carry.count), chunk.count - taken)
                carry.writeRaw(chunk[view: taken..<(taken + more)])
                taken += more
            }
            let parsed = try parse(carry.view, into: &sink)
            if parsed > 0 {
                taken -= carry.count - parsed
                carry.removeAll()
                carry.shrink(to: 4096)
                return taken
            }
        }
        return taken
    }
}

/// What a complete stream said.
package struct SnapshotContentSummary: Equatable, Sendable {
    package let znodeCount: UInt64
    package let sessionCount: UInt64
    package let sizeBytes: Int64
    /// Adler-32 of the whole stream.
    package let checksum: UInt32
    /// The tree's digest at a zxid, where Apache wrote one.
    package let digest: SnapshotTrailer.ZxidDigest?
    /// The last zxid that Apache had applied when it ended, from 3.9 on.
    package let lastZxid: Zxid?
}
