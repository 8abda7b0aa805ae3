import Glibc

/// How long something has taken.
struct Stopwatch {
    private let begin = Stopwatch.now()

    var seconds: Double { Stopwatch.now() - begin }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
