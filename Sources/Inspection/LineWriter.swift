// The pieces of a line, written where the output's buffer is: a log has millions of lines, and a
// String for each piece would take longer than reading and checking the log.
import ZKWire

struct LineWriter {
    private let buffer: ByteWriter
    /// Most lines are of the same day as the one before: which, and `2026-11-23T`.
    private var day: Int64 = .min
    private var date: [UInt8] = []

    private static var millisecondsPerDay: Int64 { 86_400_000 }
    private static var hexDigits: StaticString { "0123456789abcdef" }

    init(_ buffer: ByteWriter) { self.buffer = buffer }

    /// Where the next piece goes, for `pad`.
    @inline(__always)
    var position: Int { buffer.count }

    @inline(__always)
    func put(_ text: StaticString) {
        buffer.writeRaw(ByteView(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    func put(_ bytes: [UInt8]) { buffer.writeRaw(bytes) }

    @inline(__always)
    func put(_ bytes: ByteView) { buffer.writeRaw(bytes) }

    func put(text: String) { text.withByteView { buffer.writeRaw($0) } }

    /// Spaces up to `width` from `start`.
    @inline(__always)
    func pad(from start: Int, to width: Int) { spaces(width - (position - start)) }

    @inline(__always)
    func spaces(_ count: Int) {
        guard count > 0 else { return }
        buffer.extend(by: count).initializeMemory(
            as: UInt8.self, repeating: UInt8(ascii: " "), count: count)
    }

    // MARK: numbers

    /// - Parameter width: with spaces before it up to here.
    func decimal(_ value: some BinaryInteger, width: Int = 0) {
        var rest = UInt64(value.magnitude)
        var digits = 1
        var power: UInt64 = 10
        while digits < 20, rest >= power {
            digits += 1
            // The largest power of ten in 64 bits has twenty digits.
            power = digits < 20 ? power &* 10 : .max
        }
        let isNegative = value < 0
        spaces(width - digits - (isNegative ? 1 : 0))
        if isNegative { put("-") }
        // SAFETY: `extend` made room for `digits` bytes, and each is stored once.
        let place = buffer.extend(by: digits)
        for index in stride(from: digits - 1, through: 0, by: -1) {
            place.storeBytes(
                of: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10), toByteOffset: index,
                as: UInt8.self)
            rest /= 10
        }
    }

    /// With `0x` before it.
    func hex(_ value: Int64) {
        let bits = UInt64(bitPattern: value)
        let digits = max(1, (64 - bits.leadingZeroBitCount + 3) / 4)
        put("0x")
        // SAFETY: as in `decimal`; a digit's index is below 16, the length of `hexDigits`.
        let place = buffer.extend(by: digits)
        for index in 0..<digits {
            let digit = Int(truncatingIfNeeded: bits >> UInt64(4 * (digits - 1 - index))) & 15
            place.storeBytes(
                of: Self.hexDigits.utf8Start[digit], toByteOffset: index, as: UInt8.self)
        }
    }

    /// As `humanTime` has it.
    mutating func time(milliseconds: Int64) {
        let perDay = Self.millisecondsPerDay
        var inDay = milliseconds % perDay
        if inDay < 0 { inDay += perDay }
        if milliseconds - inDay != day || date.isEmpty {
            day = milliseconds - inDay
            date = Array(humanTime(milliseconds: milliseconds).utf8.prefix { $0 != 0x54 })
        }
        put(date)
        put("T")
        twoDigits(inDay / 3_600_000)
        put(":")
        twoDigits(inDay / 60_000 % 60)
        put(":")
        twoDigits(inDay / 1000 % 60)
        put(".")
        let thousandths = inDay % 1000
        decimal(thousandths / 100)
        twoDigits(thousandths % 100)
        put("Z")
    }

    @inline(__always)
    private func twoDigits(_ value: Int64) {
        decimal(value / 10)
        decimal(value % 10)
    }

    // MARK: bytes of others

    /// Text from a file, with nothing in it that a terminal would obey.
    func printable(_ bytes: ByteView) {
        if isPlain(bytes) { put(bytes) } else { put(text: Inspection.printable(bytes)) }
    }

    /// A string in JSON.
    func quoted(_ bytes: ByteView) {
        guard isPlain(bytes) else { return put(text: JSONValue.string(bytes.text).text) }
        put("\"")
        put(bytes)
        put("\"")
    }

    /// Whether all of it is visible ASCII that neither format changes.
    private func isPlain(_ bytes: ByteView) -> Bool {
        for byte in bytes where byte < 0x20 || byte > 0x7E || byte == 0x22 || byte == 0x5C {
            return false
        }
        return true
    }
}
