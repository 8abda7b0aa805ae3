import Glibc
import Logging

/// The server's log: one line an event on standard error, time first, no secrets.
package enum ServerLogging {
    /// How long the end of the process waits for a standard error that takes nothing.
    private static let flushLimitSeconds = 2.0

    private static let writer = LogWriter(descriptor: STDERR_FILENO) { count in
        LineLogHandler.line(
            .warning, "\(count) lines are missing here: standard error took nothing for too long")
    }

    /// Begins the writer's thread: signals that no thread may take are blocked before this.
    package static func logger(_ level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { _ in LineLogHandler(writer: writer) }
        var logger = Logger(label: "zknode")
        logger.logLevel = level
        return logger
    }

    /// Has what was logged written: before the process ends, whatever it ends for.
    package static func flush() { writer.flush(limitSeconds: flushLimitSeconds) }
}

/// Makes `2026-01-02T03:04:05.678Z INFO message`.
struct LineLogHandler: LogHandler {
    let writer: LogWriter
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(writer: LogWriter) { self.writer = writer }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        writer.write(LineLogHandler.line(event.level, "\(event.message)"))
    }

    static func line(_ level: Logger.Level, _ message: String) -> String {
        "\(timestamp()) \(level.rawValue.uppercased()) \(message)\n"
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
