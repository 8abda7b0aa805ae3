import ZKWire

/// Requests as clients send them, framed.
enum Frames {
    static func connect() -> ByteWriter {
        let frame = ByteWriter()
        frame.writeFrame(
            ConnectRequest(
                lastZxidSeen: .zero, timeoutMilliseconds: 10_000, session: .none,
                password: [UInt8](repeating: 0, count: 16), acceptsReadOnly: false,
                hasReadOnlyByte: true))
        return frame
    }

    static func get(_ number: Int, xid: Int32) -> ByteWriter {
        frame(.getData, xid: xid) {
            $0.writeString(SampleTree.path(number))
            $0.writeBool(false)
        }
    }

    static func set(_ number: Int, value: [UInt8], xid: Int32) -> ByteWriter {
        frame(.setData, xid: xid) {
            $0.writeString(SampleTree.path(number))
            $0.writeBuffer(value)
            $0.writeInt32(-1)
        }
    }

    private static func frame(
        _ operation: OpCode, xid: Int32, _ write: (ByteWriter) -> Void
    ) -> ByteWriter {
        let frame = ByteWriter()
        let start = frame.beginFrame()
        frame.writeInt32(xid)
        frame.writeInt32(operation.rawValue)
        write(frame)
        frame.endFrame(start)
        return frame
    }
}
