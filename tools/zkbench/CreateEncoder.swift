import ZKWire

/// Creates of new znodes, numbered, spread over directories that exist.
struct CreateEncoder {
    private var bytes: [UInt8]
    private let directoryOffset: Int
    private let nameOffset: Int
    static let directoryDigits = 5
    static let nameDigits = 19

    /// - Parameter root: the path of the directories, whose names are numbers of five digits.
    init(root: String, value: [UInt8]) {
        let writer = ByteWriter()
        writer.writeInt32(0)
        writer.writeInt32(0)
        writer.writeInt32(OpCode.create.rawValue)
        let zeros = { (count: Int) in String(repeating: "0", count: count) }
        let directory = "\(root)/"
        let path = directory + zeros(Self.directoryDigits) + "/" + zeros(Self.nameDigits)
        directoryOffset = writer.count + 4 + directory.utf8.count
        nameOffset = directoryOffset + Self.directoryDigits + 1
        writer.writeString(path)
        writer.writeBuffer(value)
        Self.writeOpenACL(writer)
        writer.writeInt32(0)
        writer.setInt32(Int32(writer.count - 4), at: 0)
        bytes = writer.bytes
    }

    /// Everything for everyone.
    static func writeOpenACL(_ writer: ByteWriter) {
        writer.writeInt32(1)
        writer.writeInt32(31)
        writer.writeString("world")
        writer.writeString("anyone")
    }

    @inline(__always)
    func append(directory: Int, name: UInt64, to output: ByteWriter, xid: Int32) {
        let start = output.count
        bytes.withUnsafeBytes { source in
            // SAFETY: the digits that are overwritten lie within the copy.
            let place = output.extend(by: source.count)
            source.copyBytes(to: UnsafeMutableRawBufferPointer(start: place, count: source.count))
            Self.put(UInt64(directory), digits: Self.directoryDigits, at: place + directoryOffset)
            Self.put(name, digits: Self.nameDigits, at: place + nameOffset)
        }
        output.setInt32(xid, at: start + 4)
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
