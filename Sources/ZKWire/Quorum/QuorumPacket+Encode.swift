// Packets onto the wire. PROPOSAL, COMMIT and ACK are what an ensemble sends most: they are written
// with one step of the buffer each, from the bytes of the batch.

extension ByteWriter {
    /// Type and zxid: what comes before the data.
    @inline(__always)
    func writePacketHead(_ type: QuorumPacketType, _ zxid: Zxid) {
        writeInt32(type.rawValue)
        writeInt64(zxid.rawValue)
    }

    /// A packet without data and authinfo.
    @inline(__always)
    package func writePacket(_ type: QuorumPacketType, _ zxid: Zxid) {
        let place = extend(by: QuorumPacket.bareSize)
        place.storePacketHead(type, zxid, dataLength: -1)
        place.storeBytes(of: -1, toByteOffset: 16, as: Int32.self)
    }

    /// A packet with data and without authinfo.
    @inline(__always)
    package func writePacket(_ type: QuorumPacketType, _ zxid: Zxid, data: ByteView) {
        let place = extend(by: QuorumPacket.bareSize + data.count)
        place.storePacket(type, zxid, data: data)
    }

    @inline(__always)
    package func writeProposal(_ zxid: Zxid, payload: ByteView) {
        writePacket(.proposal, zxid, data: payload)
    }

    @inline(__always)
    package func writeCommit(_ zxid: Zxid) { writePacket(.commit, zxid) }

    @inline(__always)
    package func writeAck(_ zxid: Zxid) { writePacket(.ack, zxid) }
}

extension ByteWriter {
    /// A PROPOSAL of each entry of the batch, in order.
    package func writeProposals(of batch: TxnBatch) { writeAll(.proposal, batch) }

    /// An INFORM of each entry of the batch, in order.
    package func writeInforms(of batch: TxnBatch) { writeAll(.inform, batch) }

    /// A COMMIT of each entry, in order.
    package func writeCommits(of entries: ArraySlice<TxnBatch.Entry>) {
        writeAll(.commit, entries)
    }

    /// An ACK of each entry, in order.
    package func writeAcks(of entries: ArraySlice<TxnBatch.Entry>) { writeAll(.ack, entries) }

    private func writeAll(_ type: QuorumPacketType, _ batch: TxnBatch) {
        let payloadBytes = batch.entries.reduce(0) { $0 + $1.length }
        var place = extend(by: QuorumPacket.bareSize * batch.count + payloadBytes)
        for entry in batch.entries {
            place.storePacket(type, entry.zxid, data: batch.payload(entry))
            place += QuorumPacket.bareSize + entry.length
        }
    }

    private func writeAll(_ type: QuorumPacketType, _ entries: ArraySlice<TxnBatch.Entry>) {
        var place = extend(by: QuorumPacket.bareSize * entries.count)
        for entry in entries {
            place.storePacketHead(type, entry.zxid, dataLength: -1)
            place.storeBytes(of: -1, toByteOffset: 16, as: Int32.self)
            place += QuorumPacket.bareSize
        }
    }
}

// SAFETY: the caller has made room for the whole packet from here on.
extension UnsafeMutableRawPointer {
    @inline(__always)
    fileprivate func storePacketHead(_ type: QuorumPacketType, _ zxid: Zxid, dataLength: Int) {
        storeBytes(of: type.rawValue.bigEndian, as: Int32.self)
        storeBytes(of: zxid.rawValue.bigEndian, toByteOffset: 4, as: Int64.self)
        storeBytes(
            of: Int32(truncatingIfNeeded: dataLength).bigEndian, toByteOffset: 12, as: Int32.self)
    }

    @inline(__always)
    fileprivate func storePacket(_ type: QuorumPacketType, _ zxid: Zxid, data: ByteView) {
        storePacketHead(type, zxid, dataLength: data.count)
        if let source = data.baseAddress, data.count > 0 {
            (self + QuorumPacket.dataOffset).copyMemory(from: source, byteCount: data.count)
        }
        storeBytes(of: -1, toByteOffset: QuorumPacket.dataOffset + data.count, as: Int32.self)
    }
}
