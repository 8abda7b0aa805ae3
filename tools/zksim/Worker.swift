import Glibc

/// A process that runs every so many of the seeds.
struct Worker {
    let process: pid_t
    let output: Int32
    private(set) var next: UInt64
    let stride: UInt64
    let end: UInt64
    private var pending = ""
    private(set) var current: UInt64?

    /// - Parameter subject: what else it is told: the arguments that say which runs the seeds stand for.
    /// - Returns: nil if it cannot be started.
    init?(first: UInt64, stride: UInt64, end: UInt64, subject: [String] = []) {
        next = first
        self.stride = stride
        self.end = end
        var pipeEnds: [Int32] = [0, 0]
        guard pipe(&pipeEnds) == 0 else { return nil }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, pipeEnds[1], 1)
        for end in pipeEnds { posix_spawn_file_actions_addclose(&actions, end) }
        defer { posix_spawn_file_actions_destroy(&actions) }
        let arguments = [
            "zksim", "--first-seed", "\(first)", "--seeds", "\(end - first)", "--stride",
            "\(stride)",
        ] + subject
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var child = pid_t()
        let result = posix_spawn(&child, "/proc/self/exe", &actions, nil, &pointers, environ)
        close(pipeEnds[1])
        guard result == 0 else {
            close(pipeEnds[0])
            return nil
        }
        process = child
        output = pipeEnds[0]
    }

    /// What it has told since the last look.
    /// - Returns: nil when it has ended.
    mutating func read() -> [Report]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(output, &buffer, buffer.count)
        guard count > 0 else { return nil }
        pending += String(decoding: buffer[..<count], as: UTF8.self)
        var lines = pending.split(separator: "\n", omittingEmptySubsequences: false)
        let rest = lines.removeLast()
        let reports = lines.compactMap { Report($0) }
        pending = String(rest)
        for report in reports {
            switch report {
            case .begun(let seed):
                current = seed
                next = seed + stride
            case .ended: current = nil
            }
        }
        return reports
    }

    /// What it has taken of a processor so far, or all in all. Not to be asked after `wait`.
    var cpuSeconds: Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            return 0
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Ends it, wherever it is.
    func stop() {
        kill(process, SIGKILL)
        _ = wait()
    }

    /// - Returns: whether it ended as it should.
    func wait() -> Bool {
        close(output)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }
}
