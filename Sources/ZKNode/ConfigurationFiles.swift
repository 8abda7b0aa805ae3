import Glibc
import Logging
import ServerConfiguration

/// Reads the configuration's files and says what is odd about them.
package enum ConfigurationFiles {
    /// - Parameter file: nil takes the defaults of a standalone server.
    package static func load(
        _ file: String?, _ logger: Logger
    ) throws(ServerFailure) -> ServerConfiguration {
        guard let file else { return .standalone() }
        if let reason = obstacle(to: file) {
            throw ServerFailure(
                .badConfiguration,
                """
                \(file): error: cannot be read: \(reason). Give the path of a configuration file, \
                or none for the defaults
                """)
        }
        do throws(ConfigurationError) {
            let (settings, remarks) = try ServerConfiguration.load(file, read: content)
            for remark in remarks {
                logger.log(
                    level: remark.severity == .notice ? .info : .warning, "\(remark.description)")
            }
            return settings
        } catch {
            throw ServerFailure(.badConfiguration, error.description)
        }
    }

    /// Why the file cannot be read; nil if it can.
    private static func obstacle(to path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) < 0 ? String(cString: strerror(errno)) : nil
    }

    private static func content(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }
}
