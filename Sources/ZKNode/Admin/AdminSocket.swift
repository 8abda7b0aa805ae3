// The door for whoever runs the server: a Unix domain socket in the data directory, for the owner
// of the data alone (docs/decisions/0005-admin-socket.md).
//
//     request = one line of at most 256 bytes: a command's name
//     reply   = one line of JSON; then the server closes
//
// 1. It decides nothing: a command is a call on the core's loop.
// 2. It is bounded: eight connections, one request each, ten seconds to send it.
// 3. A server that cannot have it goes on without, and says so.

import Glibc
import Logging
import NIOCore
import NIOPosix

/// The listening socket.
enum AdminSocket {
    static let fileName = "admin.sock"
    static let maximumConnections = 8
    static let requestTimeout = TimeAmount.seconds(10)
    static let maximumRequestBytes = 256
    /// `sockaddr_un.sun_path` on Linux, with the zero at the end.
    static let maximumPathBytes = 107

    package static func path(dataDir: String) -> String { "\(dataDir)/zknode/\(fileName)" }

    /// Listens. A socket file that is there was left by a server that died: the directory's lock is
    /// this process's.
    static func bind(_ loop: CoreLoop, dataDir: String, _ logger: Logger) -> (any Channel)? {
        let path = path(dataDir: dataDir)
        guard path.utf8.count <= maximumPathBytes else {
            logger.warning(
                """
                no admin socket: \(path) has \(path.utf8.count) bytes, and a socket's path at most \
                \(maximumPathBytes). `zknode snapshot` will not reach this server; a shorter \
                dataDir, or one through a symbolic link, would do
                """)
            return nil
        }
        unlink(path)
        do {
            let channel = try bootstrap(loop).bind(unixDomainSocketPath: path).wait()
            // In a directory that is closed to others, and before that as the umask has it.
            guard chmod(path, 0o600) == 0 else { throw IOError(errnoCode: errno, reason: "chmod") }
            return channel
        } catch {
            logger.warning("no admin socket at \(path): \(error)")
            unlink(path)
            return nil
        }
    }

    /// Closes it and removes its file.
    static func close(_ channel: (any Channel)?, dataDir: String) {
        guard let channel else { return }
        try? channel.close().wait()
        unlink(path(dataDir: dataDir))
    }

    private static func bootstrap(_ loop: CoreLoop) -> ServerBootstrap {
        let commands = AdminCommands(loop)
        return ServerBootstrap(group: loop.eventLoop)
            .serverChannelOption(.backlog, value: CInt(maximumConnections))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AdminHandler(commands))
                }
            }
    }
}
