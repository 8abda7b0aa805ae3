// The first message each way on a client connection (jute `ConnectRequest`, `ConnectResponse`).

package struct ConnectRequest: Equatable, Sendable {
    package var protocolVersion: Int32
    package var lastZxidSeen: Zxid
    package var timeoutMilliseconds: Int32
    /// `.none` asks for a new session.
    package var session: SessionID
    package var password: [UInt8]
    /// Whether a read-only server will do.
    package var acceptsReadOnly: Bool
    /// Clients from before 3.4 do not send the read-only byte and do not expect one back.
    package var hasReadOnlyByte: Bool

    package init(
        protocolVersion: Int32 = 0, lastZxidSeen: Zxid, timeoutMilliseconds: Int32,
        session: SessionID, password: [UInt8], acceptsReadOnly: Bool, hasReadOnlyByte: Bool
    ) {
        self.protocolVersion = protocolVersion
        self.lastZxidSeen = lastZxidSeen
        self.timeoutMilliseconds = timeoutMilliseconds
        self.session = session
        self.password = password
        self.acceptsReadOnly = acceptsReadOnly
        self.hasReadOnlyByte = hasReadOnlyByte
    }
}

package struct ConnectResponse: Equatable, Sendable {
    package var protocolVersion: Int32 = 0
    /// 0 where the session is not valid (any more).
    package var timeoutMilliseconds: Int32
    package var session: SessionID
    package var password: [UInt8]
    package var isReadOnly: Bool

    package init(
        timeoutMilliseconds: Int32, session: SessionID, password: [UInt8], isReadOnly: Bool
    ) {
        self.timeoutMilliseconds = timeoutMilliseconds
        self.session = session
        self.password = password
        self.isReadOnly = isReadOnly
    }

    /// What a client gets whose session is expired or whose password is wrong.
    package static func refused(isReadOnly: Bool) -> ConnectResponse {
        ConnectResponse(
            timeoutMilliseconds: 0, session: .none, password: [UInt8](repeating: 0, count: 16),
            isReadOnly: isReadOnly)
    }
}

extension JuteReader {
    package mutating func readConnectRequest() throws(DecodeError) -> ConnectRequest {
        var request = ConnectRequest(
            protocolVersion: try readInt32(), lastZxidSeen: Zxid(rawValue: try readInt64()),
            timeoutMilliseconds: try readInt32(), session: SessionID(rawValue: try readInt64()),
            password: [], acceptsReadOnly: false, hasReadOnlyByte: false)
        let password = try readBuffer()
        guard password.count <= 1024 else {
            throw DecodeError(.badLength(password.count), offset: 24)
        }
        request.password = [UInt8](password)
        if remaining > 0 {
            request.acceptsReadOnly = try readBool()
            request.hasReadOnlyByte = true
        }
        return request
    }

    package mutating func readConnectResponse() throws(DecodeError) -> ConnectResponse {
        _ = try readInt32()
        return ConnectResponse(
            timeoutMilliseconds: try readInt32(), session: SessionID(rawValue: try readInt64()),
            password: [UInt8](try readBuffer()), isReadOnly: remaining > 0 ? try readBool() : false)
    }
}

extension ByteWriter {
    /// Writes the framed response.
    package func writeFrame(_ response: ConnectResponse, hasReadOnlyByte: Bool) {
        let start = beginFrame()
        writeInt32(response.protocolVersion)
        writeInt32(response.timeoutMilliseconds)
        writeInt64(response.session.rawValue)
        writeBuffer(response.password)
        if hasReadOnlyByte { writeBool(response.isReadOnly) }
        endFrame(start)
    }

    /// Writes the framed request, as a client does.
    package func writeFrame(_ request: ConnectRequest) {
        let start = beginFrame()
        writeInt32(request.protocolVersion)
        writeInt64(request.lastZxidSeen.rawValue)
        writeInt32(request.timeoutMilliseconds)
        writeInt64(request.session.rawValue)
        writeBuffer(request.password)
        if request.hasReadOnlyByte { writeBool(request.acceptsReadOnly) }
        endFrame(start)
    }
}
