import ZKWire

/// What servers that do nothing answer.
struct NullReplies {
    /// What follows the header of a reply, by operation.
    private let stat: [UInt8]
    private let valueAndStat: [UInt8]
    private var zxid: Int64 = 0

    /// Bytes of a `Stat` (Apache `org.apache.zookeeper.data.Stat`).
    private static let statBytes = 68

    init(valueBytes: Int) {
        stat = [UInt8](repeating: 0, count: Self.statBytes)
        let writer = ByteWriter()
        writer.writeBuffer(KeySpace.value(of: valueBytes))
        writer.writeRaw(stat)
        valueAndStat = writer.bytes
    }

    static func isWrite(_ operation: Int32) -> Bool {
        operation == OpCode.setData.rawValue || operation == OpCode.create.rawValue
    }

    func acceptSession(_ output: ByteWriter) {
        output.writeInt32(37)
        output.writeInt32(0)
        output.writeInt32(30000)
        output.writeInt64(1)
        output.writeBuffer([UInt8](repeating: 1, count: 16))
        output.writeBool(false)
    }

    @inline(__always)
    mutating func answer(_ operation: Int32, xid: Int32, into output: ByteWriter) {
        let start = output.count
        output.writeInt32(0)
        output.writeInt32(xid)
        output.writeInt64(zxid)
        output.writeInt32(0)
        switch operation {
        case OpCode.getData.rawValue:
            valueAndStat.withUnsafeBytes { output.writeRaw($0) }
        case OpCode.setData.rawValue, OpCode.exists.rawValue:
            zxid &+= 1
            stat.withUnsafeBytes { output.writeRaw($0) }
        case OpCode.create.rawValue:
            zxid &+= 1
            output.writeString("/")
        default: break
        }
        output.setInt32(Int32(output.count - start - 4), at: start)
    }
}
