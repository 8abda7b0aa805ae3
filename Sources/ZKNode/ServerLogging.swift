import Glibc
import Logging

/// The server's log: one line an event on standard error, time first, no secrets.
package enum ServerLogging {
    package static func logger(_ level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { _ in LineLogHandler() }
        var logger = Logger(label: "zknode")
        logger.logLevel = level
        return logger
    }
}

/// Writes `2026-01-02T03:04:05.678Z INFO message`.
struct LineLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = LineLogHandler.timestamp()
        line += " \(event.level.rawValue.uppercased()) \(event.message)\n"
        line.withUTF8 { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }

    private static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var calendar = tm()
        gmtime_r(&now.tv_sec, &calendar)
        func padded(_ value: some BinaryInteger, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return
            "\(calendar.tm_year + 1900)-\(padded(calendar.tm_mon + 1, 2))-"
            + "\(padded(calendar.tm_mday, 2))T\(padded(calendar.tm_hour, 2)):"
            + "\(padded(calendar.tm_min, 2)):\(padded(calendar.tm_sec, 2))."
            + "\(padded(now.tv_nsec / 1_000_000, 3))Z"
    }
}
