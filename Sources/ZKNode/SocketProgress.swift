import NIOCore

/// The beginning of `struct tcp_info` of Linux, which later kernels only add to; the C library's
/// declaration ends before what is needed here.
private struct TCPInfo: Sendable {
    typealias Words = (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
    )
    /// States, time-outs and counts, 120 bytes of them.
    let others: Words
    /// `tcpi_bytes_acked`; 0 before Linux 4.1.
    let bytesAcknowledged: UInt64
}

extension Channel {
    /// Passes on how many bytes the client's machine has acknowledged so far. What the socket takes
    /// of our writes says less: megabytes at once, then nothing for as long as the client needs for
    /// a third of them. To be called on the channel's loop, where `body` runs at once; without an
    /// answer from the kernel it does not run.
    func withBytesAcknowledged(_ body: @escaping (UInt64) -> Void) {
        guard let socket = self as? any SocketOptionProvider else { return }
        let level = NIOBSDSocket.OptionLevel.tcp
        let name = NIOBSDSocket.Option.tcp_info
        // SAFETY: the kernel fills at most as many bytes as the type has, which are zero before,
        // and any bits are a `TCPInfo`.
        let info: EventLoopFuture<TCPInfo> = socket.unsafeGetSocketOption(level: level, name: name)
        info.assumeIsolated().whenSuccess { body($0.bytesAcknowledged) }
    }
}
