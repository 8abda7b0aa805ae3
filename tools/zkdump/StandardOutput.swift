import ArgumentParser
import Inspection

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The process's own output.
enum StandardOutput {
    /// Writes all of it. Where nobody reads any more the process ends quietly; where it cannot be
    /// written for another reason, with a message.
    static func write(_ bytes: UnsafeRawBufferPointer) {
        var done = 0
        while done < bytes.count {
            let more = systemWrite(STDOUT_FILENO, bytes.baseAddress! + done, bytes.count - done)
            if more >= 0 {
                done += more
            } else if errno == EPIPE {
                exit(InspectionStatus.clean.rawValue)
            } else if errno != EINTR {
                let reason = String(cString: strerror(errno))
                complain("zkdump: the output cannot be written: \(reason)")
                exit(InspectionStatus.unusable.rawValue)
            }
        }
    }

    static func complain(_ text: String) {
        let line = Array((text + "\n").utf8)
        line.withUnsafeBytes { _ = systemWrite(STDERR_FILENO, $0.baseAddress!, $0.count) }
    }
}

private func systemWrite(
    _ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int
) -> Int {
    #if canImport(Glibc)
        Glibc.write(descriptor, start, count)
    #else
        Darwin.write(descriptor, start, count)
    #endif
}

/// A line on the terminal that says how far a long file has been read; nothing where standard error
/// is no terminal.
final class ProgressMeter {
    let isShown = isatty(STDERR_FILENO) == 1
    private var isOnScreen = false
    /// What is over sooner needs no line.
    private var next = ContinuousClock.now + .milliseconds(300)

    func show(_ progress: Output.Progress) {
        let now = ContinuousClock.now
        guard now >= next else { return }
        next = now + .milliseconds(100)
        isOnScreen = true
        put("\r\u{1B}[K\(progress)")
    }

    func clear() {
        guard isOnScreen else { return }
        isOnScreen = false
        put("\r\u{1B}[K")
    }

    private func put(_ text: String) {
        Array(text.utf8).withUnsafeBytes {
            _ = systemWrite(STDERR_FILENO, $0.baseAddress!, $0.count)
        }
    }
}
