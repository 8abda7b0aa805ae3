// From bytes that come in pieces cut anywhere to whole messages. Both peer ports use it.
//
// 1. A message that lies whole in what was received is handed out where it lies.
// 2. The start of one that does not is kept, and grows by what is received: a length field alone
//    reserves nothing.
// 3. Each byte is measured once, however small the pieces are.

/// Finds the end of one message in bytes that begin with it and may stop anywhere.
protocol MessageMeter {
    /// How many bytes of the message must be there for `advance` to learn more.
    var needed: Int { get }

    /// Goes on with what of the message is there by now.
    /// - Returns: the message's size if all of it is there, else nil.
    mutating func advance(_ bytes: ByteView) throws(DecodeError) -> Int?
}

struct MessageAssembler<Meter: MessageMeter> {
    /// Memory beyond this much, for a message that came in pieces, is given back after it.
    private static var keptCapacity: Int { 64 * 1024 }

    /// The start of the message that has not come whole, or the one that was lent out last.
    private let kept = ByteWriter(capacity: 256)
    /// Of the message in `kept`.
    private var meter: Meter
    private var isLent = false

    init(_ meter: Meter) { self.meter = meter }

    /// Bytes of a message that has not come whole.
    var keptBytes: Int { isLent ? 0 : kept.count }

    /// The next message of `input`, which then begins after it; or nil, when all of `input` was
    /// taken and more is needed.
    /// - Parameter fresh: measures the message if it begins here.
    /// - Returns: a view of `input` or of what is kept, valid until the next call.
    mutating func next(
        _ input: inout ByteView, measuredBy fresh: Meter
    ) throws(DecodeError) -> ByteView? {
        if isLent { takeBack() }
        return kept.count == 0 ? try whole(of: &input, fresh) : try completed(from: &input)
    }

    private mutating func takeBack() {
        kept.removeAll()
        kept.shrink(to: Self.keptCapacity)
        isLent = false
    }

    private mutating func whole(
        of input: inout ByteView, _ fresh: Meter
    ) throws(DecodeError) -> ByteView? {
        var meter = fresh
        if let size = try meter.advance(input) { return input.takeFirst(size) }
        self.meter = meter
        kept.writeRaw(input.takeFirst(input.count))
        return nil
    }

    private mutating func completed(from input: inout ByteView) throws(DecodeError) -> ByteView? {
        repeat {
            // Never beyond the message: what follows a SNAP is not a message.
            let more = min(meter.needed - kept.count, input.count)
            kept.writeRaw(input.takeFirst(more))
            if try meter.advance(kept.view) != nil {
                isLent = true
                return kept.view
            }
        } while input.count > 0
        return nil
    }
}

extension ByteView {
    /// Cuts off the first `count` bytes and returns them.
    mutating func takeFirst(_ count: Int) -> ByteView {
        let first = self[view: 0..<count]
        self = self[view: count..<self.count]
        return first
    }
}
