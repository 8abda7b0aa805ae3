/// What the four-letter words print of the server.
package struct ServerStatistics: Sendable {
    package var packetsReceived: Int64 = 0
    package var packetsSent: Int64 = 0
    package var latency = LatencyStatistics()
    package var readLatency = LatencyHistogram()
    package var updateLatency = LatencyHistogram()
    package var lastResponseBytes: Int64 = -1
    package var smallestResponseBytes: Int64 = -1
    package var largestResponseBytes: Int64 = -1
    package var bytesReceived: Int64 = 0
    package var responseBytes: Int64 = 0
    package var commits: Int64 = 0
    package var proposals: Int64 = 0
    package var lastProposalBytes: Int64 = -1
    package var smallestProposalBytes: Int64 = -1
    package var largestProposalBytes: Int64 = -1
    package var connectionRequests: Int64 = 0
    package var connectionsRevalidated: Int64 = 0
    package var connectionsDropped: Int64 = 0
    package var sessionsExpired: Int64 = 0
    package var authenticationFailures: Int64 = 0

    package init() {}

    /// `srst`.
    package mutating func reset() {
        packetsReceived = 0
        packetsSent = 0
        latency = LatencyStatistics()
        lastResponseBytes = -1
        smallestResponseBytes = -1
        largestResponseBytes = -1
        lastProposalBytes = -1
        smallestProposalBytes = -1
        largestProposalBytes = -1
    }

    @inline(__always)
    mutating func countProposal(bytes: Int) {
        let bytes = Int64(bytes)
        proposals += 1
        lastProposalBytes = bytes
        if smallestProposalBytes < 0 || bytes < smallestProposalBytes {
            smallestProposalBytes = bytes
        }
        if bytes > largestProposalBytes { largestProposalBytes = bytes }
    }

    mutating func countResponse(bytes: Int) {
        let bytes = Int64(bytes)
        packetsSent += 1
        responseBytes += bytes
        lastResponseBytes = bytes
        if smallestResponseBytes < 0 || bytes < smallestResponseBytes {
            smallestResponseBytes = bytes
        }
        if bytes > largestResponseBytes { largestResponseBytes = bytes }
    }
}
