// The requests as bytes. What is the same in all of them is encoded once; a request is then a copy
// with its xid, and the digits of its path, put in place.
import ZKWire

/// Makes requests of one kind after the other into a connection's output.
struct RequestEncoder {
    /// The bytes of a request from its length field to its end.
    private struct Template {
        var bytes: [UInt8]

        /// - Parameter encode: writes everything after the xid and operation.
        init(_ operation: OpCode, _ encode: (ByteWriter) -> Void) {
            let writer = ByteWriter()
            writer.writeInt32(0)
            writer.writeInt32(0)
            writer.writeInt32(operation.rawValue)
            encode(writer)
            writer.setInt32(Int32(writer.count - 4), at: 0)
            bytes = writer.bytes
        }

        /// Appends a copy with the given xid; returns where it begins.
        @inline(__always)
        @discardableResult
        func append(to output: ByteWriter, xid: Int32) -> Int {
            let start = output.count
            bytes.withUnsafeBytes { output.writeRaw($0) }
            output.setInt32(xid, at: start + 4)
            return start
        }
    }

    private let paths: [String]
    private let value: [UInt8]
    private var gets: [Template] = []
    /// A set up to its value, which all of them share.
    private var sets: [Template] = []
    private let setTail: [UInt8]

    init(keys: KeySpace) {
        paths = keys.paths
        value = keys.value
        gets = paths.map { path in
            Template(.getData) {
                $0.writeString(path)
                $0.writeBool(false)
            }
        }
        sets = paths.map { path in
            var template = Template(.setData) {
                $0.writeString(path)
                $0.writeBuffer(keys.value)
                $0.writeInt32(-1)
            }
            template.bytes.removeLast(keys.value.count + 4)
            return template
        }
        setTail = keys.value + [0xff, 0xff, 0xff, 0xff]
    }

    @inline(__always)
    func appendGet(_ key: Int, to output: ByteWriter, xid: Int32) {
        gets[key].append(to: output, xid: xid)
    }

    @inline(__always)
    func appendSet(_ key: Int, to output: ByteWriter, xid: Int32) {
        sets[key].append(to: output, xid: xid)
        setTail.withUnsafeBytes { output.writeRaw($0) }
    }
}

/// The znodes of a run of sets and gets.
struct KeySpace: Sendable {
    let paths: [String]
    let value: [UInt8]

    init(root: String, count: Int, valueBytes: Int) {
        paths = (0..<count).map { "\(root)/k\($0)" }
        value = Self.value(of: valueBytes)
    }

    /// Letters without a short period, so that a server that compresses gains what it would with
    /// text, not with zeros.
    static func value(of count: Int) -> [UInt8] {
        var state: UInt64 = 0x5eed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: 97 + (state >> 33) % 26)
        }
    }
}

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
