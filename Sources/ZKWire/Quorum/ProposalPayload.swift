/// The data of a PROPOSAL and an INFORM, and the body of a log record: a transaction.
package struct ProposalPayload {
    package let header: TxnHeader
    package let txn: Txn
    /// nil where the leader computes none.
    package let digest: TxnDigest?

    package init(_ bytes: ByteView) throws(DecodeError) {
        var reader = JuteReader(bytes)
        header = try reader.readTxnHeader()
        txn = try reader.readTxn(type: header.type)
        digest = try reader.readTxnDigest()
    }
}
