/// A client's request on its way from a learner to the leader: the data and authinfo of a REQUEST.
package struct ForwardedRequest {
    package var session: SessionID
    /// The client's xid; 0 in a createSession, which the learner asks for by itself.
    package var cxid: Int32
    /// An `OpCode` raw value, as it came.
    package var type: Int32
    /// The request as the client sent it, without its header.
    package var body: ByteView
    /// nil where the learner asks by itself.
    package var authInfo: IdentityList?

    package init(
        session: SessionID, cxid: Int32, type: Int32, body: ByteView, authInfo: IdentityList?
    ) {
        self.session = session
        self.cxid = cxid
        self.type = type
        self.body = body
        self.authInfo = authInfo
    }

    /// What comes before the body.
    static let headSize = 16
}

extension ByteWriter {
    /// Writes the REQUEST.
    package func writeForwardedRequest(_ request: ForwardedRequest) {
        writeRequestData(
            session: request.session, cxid: request.cxid, type: request.type, body: request.body)
        writeIdentityList(request.authInfo)
    }

    /// Writes the REQUEST of a client with these identities.
    package func writeForwardedRequest(
        session: SessionID, cxid: Int32, type: Int32, body: ByteView, identities: [Identity]
    ) {
        writeRequestData(session: session, cxid: cxid, type: type, body: body)
        writeIdentityList(identities)
    }

    private func writeRequestData(session: SessionID, cxid: Int32, type: Int32, body: ByteView) {
        writePacketHead(.request, QuorumPacketFormat.noZxid)
        writeInt32(Int32(ForwardedRequest.headSize + body.count))
        writeInt64(session.rawValue)
        writeInt32(cxid)
        writeInt32(type)
        writeRaw(body)
    }
}
