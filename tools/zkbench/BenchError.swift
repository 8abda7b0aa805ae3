import Glibc

/// Why there was no measurement: what was done, to whom, and what came of it.
struct BenchError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// A system call that failed just now.
    init(systemCall: String, _ subject: String) {
        let code = errno
        description = "\(systemCall) \(subject): \(String(cString: strerror(code))) (errno \(code))"
    }
}
