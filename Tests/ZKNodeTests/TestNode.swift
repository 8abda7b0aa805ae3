import Dispatch
import Glibc
import NIOPosix
import ServerConfiguration
import ZKNode

/// A whole server in this process, on a free port, with a directory of its own.
final class TestNode {
    private static let logger = ServerLogging.logger(.debug)

    let server: ZKServer
    private(set) var port = 0
    private let ended = DispatchSemaphore(value: 0)
    private let thread = NIOThreadPool(numberOfThreads: 1)

    init(
        _ configuration: ServerConfiguration, measure: (@Sendable () -> DirectorySizes)? = nil
    ) throws {
        server = try ZKServer(configuration, logger: TestNode.logger, measure: measure)
        let (server, ended) = (server, ended)
        let started = DispatchSemaphore(value: 0)
        // SAFETY: written before `started` is signalled, read after it.
        nonisolated(unsafe) var outcome: Result<Int, ServerFailure> = .success(0)
        // Not on a queue of Dispatch, whose few threads the resolver of names shares.
        thread.start()
        thread.submit { _ in
            do throws(ServerFailure) {
                try server.run {
                    outcome = .success($0)
                    started.signal()
                }
            } catch {
                outcome = .failure(error)
                started.signal()
            }
            ended.signal()
        }
        started.wait()
        port = try outcome.get()
    }

    /// Ends it as a signal does.
    func stop() {
        server.stop()
        join()
    }

    /// Ends it without a word to anyone.
    func stopAbruptly() {
        server.stopAbruptly()
        join()
    }

    private func join() {
        ended.wait()
        try? thread.syncShutdownGracefully()
    }

    /// What the tests' servers have in common.
    static func configuration(_ directory: TemporaryDirectory) -> ServerConfiguration {
        var configuration = ServerConfiguration.standalone(dataDir: directory.path)
        configuration.clients.port = 0
        configuration.clients.address = "127.0.0.1"
        configuration.log.maxSegmentBytes = 1 << 20
        return configuration
    }
}

/// A directory that is removed with everything in it.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/zknode-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "mkdtemp: \(errno)")
        path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
    }

    deinit { TemporaryDirectory.remove(path) }

    /// The names in a directory below.
    func names(in directory: String) -> [String] {
        TemporaryDirectory.names(path + "/" + directory)
    }

    private static func names(_ path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func remove(_ path: String) {
        for name in names(path) { remove(path + "/" + name) }
        if unlink(path) != 0 { rmdir(path) }
    }
}
