// The data of a packet: reading them with offsets that count from the packet's start, and writing
// them when their length is known only afterwards.

extension QuorumPacket {
    /// Reads the data with `body`, which may leave some: a later version may say more.
    func decodeData<Value>(
        _ body: (inout JuteReader) throws(DecodeError) -> Value
    ) throws(DecodeError) -> Value {
        var reader = JuteReader(try payload())
        do throws(DecodeError) {
            return try body(&reader)
        } catch {
            throw DecodeError(error.reason, offset: error.offset + QuorumPacket.dataOffset)
        }
    }

    /// The data of a packet that must have them.
    func payload() throws(DecodeError) -> ByteView {
        guard let data else {
            throw DecodeError(
                .badValue("a packet of type \(rawType) without data"),
                offset: QuorumPacket.dataOffset - 4)
        }
        return data
    }

    func unexpected(_ sender: String) -> DecodeError {
        let name = type.map { "\($0)" } ?? "unknown"
        return DecodeError(
            .badValue("packet type \(rawType) (\(name)) is none that \(sender) sends"), offset: 0)
    }
}

extension ByteWriter {
    /// Writes the data, by `body`, and the end of a packet after its head.
    func writeData(_ body: () -> Void) {
        let start = count
        writeInt32(0)
        body()
        setInt32(Int32(count - start - 4), at: start)
        writeInt32(-1)
    }
}
