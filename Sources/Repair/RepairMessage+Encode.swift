import ZKWire

extension RepairRequest {
    /// The framed request.
    package func encoded() -> [UInt8] {
        RepairFrame.encode { writer in
            switch self {
            case .hello(let server):
                writer.writeInt8(RepairKind.hello.rawValue)
                writer.writeInt32(RepairFormat.version)
                writer.writeInt64(server.rawValue)
            case .status: writer.writeInt8(RepairKind.status.rawValue)
            case .txns(let span):
                writer.writeInt8(RepairKind.txns.rawValue)
                writer.write(span)
            case .snapshot(let zxid, let offset):
                writer.writeInt8(RepairKind.snapshot.rawValue)
                writer.writeInt64(zxid.rawValue)
                writer.writeInt64(offset)
            }
        }
    }

    /// What opens a connection: the protocol's number and who asks.
    package static func opening(_ server: ServerID) -> [UInt8] {
        let writer = ByteWriter()
        writer.writeInt64(RepairFormat.protocolID)
        return writer.bytes + RepairRequest.hello(server).encoded()
    }
}

extension RepairResponse {
    /// The framed response.
    package func encoded() -> [UInt8] {
        RepairFrame.encode { writer in
            switch self {
            case .status(let status):
                writer.writeInt8(RepairKind.status.rawValue)
                writer.write(status)
            case .txns(let response):
                writer.writeInt8(RepairKind.txns.rawValue)
                writer.write(response)
            case .snapshot(let zxid, let offset, let bytes):
                writer.writeInt8(RepairKind.snapshot.rawValue)
                writer.writeInt64(zxid.rawValue)
                writer.writeInt64(offset)
                writer.writeBuffer(bytes)
            }
        }
    }
}

/// The byte that a message begins with; a response has its request's.
enum RepairKind: Int8 {
    case hello = 0
    case status = 1
    case txns = 2
    case snapshot = 3
}

enum RepairFrame {
    static func encode(_ body: (ByteWriter) -> Void) -> [UInt8] {
        let writer = ByteWriter()
        writer.writeInt32(0)
        body(writer)
        writer.setInt32(Int32(writer.count - RepairFormat.lengthBytes), at: 0)
        return writer.bytes
    }
}

extension ByteWriter {
    fileprivate func write(_ span: ZxidSpan) {
        writeInt64(span.after.rawValue)
        writeInt64(span.through.rawValue)
    }

    fileprivate func write(_ status: RepairStatus) {
        writeInt32(RepairFormat.version)
        writeInt64(status.server.rawValue)
        writeInt8(Int8(status.state.rawValue))
        writeBool(status.isTrusted)
        writeInt32(Int32(bitPattern: status.acceptedEpoch.rawValue))
        writeInt32(Int32(bitPattern: status.currentEpoch.rawValue))
        write(status.log)
        writeInt32(Int32(status.snapshots.count))
        for snapshot in status.snapshots {
            writeInt64(snapshot.start.rawValue)
            writeInt64(snapshot.end.rawValue)
            writeInt64(snapshot.sizeBytes)
        }
    }

    fileprivate func write(_ response: TxnsResponse) {
        write(response.span)
        writeInt64(response.resume.rawValue)
        writeBool(response.isWhole)
        writeInt32(Int32(response.txns.count))
        for txn in response.txns {
            writeInt64(txn.zxid.rawValue)
            writeInt64(txn.previous.rawValue)
            writeBuffer(txn.payload)
        }
    }
}
