extension Duration {
    /// Whole milliseconds, rounded toward zero.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }

    /// As the properties file writes it, with the largest unit that divides it.
    var shortText: String {
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60000, "m"), (1000, "s")]
        let count = wholeMilliseconds
        guard count != 0 else { return "0" }
        for (size, suffix) in units where count % size == 0 { return "\(count / size)\(suffix)" }
        return "\(count)ms"
    }
}
