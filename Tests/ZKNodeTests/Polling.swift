import Glibc

/// Looks again and again until something holds, for at most `seconds`.
/// - Returns: whether it came to hold.
func eventually(within seconds: Double = 20, _ condition: () -> Bool) -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    while clock.now < deadline {
        if condition() { return true }
        usleep(5_000)
    }
    return condition()
}
