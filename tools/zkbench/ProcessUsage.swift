import Foundation
import Glibc

/// What a process on this machine uses, as Linux tells (`/proc`).
struct ProcessUsage {
    var residentBytes: Int
    /// Nanoseconds of processor time, of all its threads.
    var processorTime: UInt64

    init(of pid: Int32) throws(BenchError) {
        let status = try Self.read(pid, "status")
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw BenchError("process \(pid) has no memory of its own: it has ended") }
        residentBytes = kibibytes * 1024
        // After the program's name, which may hold anything but ends with the last bracket: state,
        // and as the 12th and 13th from there user and system time (proc(5)).
        let stat = try Self.read(pid, "stat")
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = UInt64(fields[12]), let system = UInt64(fields[13])
        else { throw BenchError("/proc/\(pid)/stat is not as proc(5) says") }
        processorTime = (user + system) * 1_000_000_000 / UInt64(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func read(_ pid: Int32, _ name: String) throws(BenchError) -> String {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/\(name)", encoding: .utf8) else {
            throw BenchError("there is no process \(pid) to watch (--pids)")
        }
        return text
    }
}

/// `1,2,3`: processes to watch.
struct ProcessList {
    let pids: [Int32]

    init?(argument: String) {
        let parts = argument.split(separator: ",")
        pids = parts.compactMap { Int32($0) }
        guard pids.count == parts.count else { return nil }
    }

    func usage() throws(BenchError) -> [ProcessUsage] {
        var all: [ProcessUsage] = []
        for pid in pids { all.append(try ProcessUsage(of: pid)) }
        return all
    }
}
