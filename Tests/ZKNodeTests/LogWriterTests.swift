import Glibc
import Testing
import ZKNode

@Suite("The log's way to standard error")
struct LogWriterTests {
    @Test("a pipe that nobody reads keeps nobody waiting, and what it missed is counted")
    func blockedPipe() {
        let pipe = Pipe()
        let writer = LogWriter(descriptor: pipe.writeEnd, maximumBytes: 8192) { "lost \($0)\n" }
        // The first line is more than a pipe holds, so that the writer is stuck in it however its
        // thread is scheduled. The others are more than the queue holds: to return from this at all
        // is the point.
        writer.write(String(repeating: "x", count: 1 << 18) + "\n")
        for number in 0..<100_000 { writer.write("line \(number)\n") }
        #expect(!writer.flush(limitSeconds: 0.05))
        writer.write("one more that is lost\n")

        var (next, lostCount) = (0, 0)
        _ = pipe.read { line in
            if line.hasPrefix("x") { return false }
            let words = line.split(separator: " ")
            if words[0] == "lost" {
                lostCount += Int(words[1]) ?? 0
                next += Int(words[1]) ?? 0
            } else {
                #expect(line == "line \(next)")
                next += 1
            }
            return next > 100_000
        }
        #expect(next == 100_001)
        #expect(lostCount > 50_000)
        #expect(writer.flush(limitSeconds: 10))
        writer.write("the last\n")
        #expect(pipe.read { _ in true } == ["the last"])
        writer.close()
    }

    @Test("lines of many threads come out whole")
    func manyThreads() async {
        let pipe = Pipe()
        let writer = LogWriter(descriptor: pipe.writeEnd) { "lost \($0)\n" }
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for number in 0..<500 { writer.write("\(thread) says \(number)\n") }
                }
            }
        }
        writer.write("end\n")
        let lines = pipe.read { $0 == "end" }.dropLast()
        writer.close()
        #expect(lines.count == 2000)
        for thread in 0..<4 {
            let own = lines.filter { $0.hasPrefix("\(thread) ") }
            #expect(own == (0..<500).map { "\(thread) says \($0)" })
        }
    }

    @Test("a line longer than the queue is written, and a closed pipe ends nothing")
    func extremes() {
        let pipe = Pipe()
        let writer = LogWriter(descriptor: pipe.writeEnd, maximumBytes: 10) { "lost \($0)\n" }
        writer.write(String(repeating: "x", count: 100) + "\n")
        #expect(pipe.read { _ in true }.map(\.utf8.count) == [100])
        signal(SIGPIPE, SIG_IGN)
        pipe.closeReadEnd()
        writer.write("nobody hears this\n")
        #expect(writer.flush(limitSeconds: 10))
        writer.close()
    }
}

/// A pipe whose reader reads when the test says so.
private final class Pipe {
    private var readEnd: Int32
    let writeEnd: Int32
    private var rest: [UInt8] = []

    init() {
        var ends: [Int32] = [0, 0]
        precondition(Glibc.pipe(&ends) == 0, "pipe: \(errno)")
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeReadEnd()
        close(writeEnd)
    }

    func closeReadEnd() {
        if readEnd >= 0 { close(readEnd) }
        readEnd = -1
    }

    /// Lines up to and including the first that is wanted.
    func read(until isLast: (String) -> Bool) -> [String] {
        var lines: [String] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeFirst(end + 1)
                if isLast(lines[lines.count - 1]) { return lines }
            }
            let count = Glibc.read(readEnd, &chunk, chunk.count)
            guard count > 0 else { return lines }
            rest += chunk[..<count]
        }
    }
}
