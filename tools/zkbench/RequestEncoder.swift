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
