import ZKWire

/// Paths of numbered znodes in numbered directories, all of one length, so that a request for one of
/// them is a copy with other digits: `root/00012/0000000000000012345`.
struct NumberedPath: Sendable {
    static let directoryDigits = 5
    static let nameDigits = 19

    /// Bytes before the digits.
    private let rootBytes: Int
    /// A path, for the copy.
    let sample: String

    init(root: String) {
        let zeros = { (count: Int) in String(repeating: "0", count: count) }
        rootBytes = root.utf8.count + 1
        sample = "\(root)/" + zeros(Self.directoryDigits) + "/" + zeros(Self.nameDigits)
    }

    /// Writes the digits into a copy of `sample` at `place`.
    @inline(__always)
    func put(directory: Int, name: UInt64, at place: UnsafeMutableRawPointer) {
        let digits = place + rootBytes
        Self.put(UInt64(directory), digits: Self.directoryDigits, at: digits)
        Self.put(name, digits: Self.nameDigits, at: digits + Self.directoryDigits + 1)
    }

    /// The path of a directory.
    static func directory(_ root: String, _ number: Int) -> String {
        let digits = String(number)
        return "\(root)/" + String(repeating: "0", count: directoryDigits - digits.count) + digits
    }

    @inline(__always)
    private static func put(_ number: UInt64, digits: Int, at place: UnsafeMutableRawPointer) {
        var rest = number
        for offset in stride(from: digits - 1, through: 0, by: -1) {
            place.storeBytes(of: UInt8(48 + rest % 10), toByteOffset: offset, as: UInt8.self)
            rest /= 10
        }
    }
}
