extension ByteWriter {
    /// Encodes the record of a transaction; the header, with the type, goes before it.
    package func writeCreateTxn(_ txn: CreateTxn) {
        writeBuffer(txn.path)
        writeNullableBuffer(txn.data)
        writeRaw(txn.acl)
        switch txn.kind {
        case .persistent, .ephemeral:
            writeBool(txn.kind == .ephemeral)
            writeInt32(txn.parentCVersion)
        case .container:
            writeInt32(txn.parentCVersion)
        case .ttl(let milliseconds):
            writeInt32(txn.parentCVersion)
            writeInt64(milliseconds)
        }
    }

    package func writeDeleteTxn(path: ByteView) { writeBuffer(path) }

    package func writeSetDataTxn(path: ByteView, data: ByteView?, version: Int32) {
        writeBuffer(path)
        writeNullableBuffer(data)
        writeInt32(version)
    }

    /// - Parameter acl: an encoded `vector<ACL>`.
    package func writeSetACLTxn(path: ByteView, acl: ByteView, version: Int32) {
        writeBuffer(path)
        writeRaw(acl)
        writeInt32(version)
    }

    package func writeCheckVersionTxn(path: ByteView, version: Int32) {
        writeBuffer(path)
        writeInt32(version)
    }

    package func writeCreateSessionTxn(timeoutMilliseconds: Int32) {
        writeInt32(timeoutMilliseconds)
    }

    package func writeErrorTxn(_ code: Int32) { writeInt32(code) }

    /// After a transaction's record.
    package func writeTxnDigest(_ digest: TxnDigest) {
        writeInt32(digest.version)
        writeInt64(digest.treeDigest)
    }

    package func writeNullableBuffer(_ bytes: ByteView?) {
        if let bytes { writeBuffer(bytes) } else { writeNullBuffer() }
    }
}
