// Times as operators write and read them: ISO 8601. The calendar arithmetic is Howard Hinnant's
// ("chrono-Compatible Low-Level Date Algorithms"), proleptic Gregorian.

/// A moment, in milliseconds since 1970.
package enum TimeText {
    /// `2026-11-23T02:00:00.123Z`.
    package static func format(_ milliseconds: Int64) -> String {
        let day = 86_400_000 as Int64
        var days = milliseconds / day
        var rest = milliseconds % day
        if rest < 0 {
            rest += day
            days -= 1
        }
        let date = civil(days)
        let seconds = rest / 1000
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
            + "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):"
            + "\(padded(seconds % 60, 2)).\(padded(rest % 1000, 3))Z"
    }

    /// `2026-11-23`, `2026-11-23T02:00`, `...T02:00:00`, `...T02:00:00.123`, each with `Z`,
    /// `+01:00` or nothing, which is UTC; a space for the `T` will do. nil for anything else.
    package static func parse(_ text: String) -> Int64? {
        var scanner = Scanner(text)
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2),
            scanner.take("-"), let day = scanner.digits(2), (1...12).contains(month),
            day >= 1, day <= lastDay(year, month)
        else { return nil }
        var time = days(year, month, day) * 86_400_000
        if scanner.take("T") || scanner.take(" ") {
            guard let clock = scanner.clock() else { return nil }
            time += clock
        }
        guard let offset = scanner.zone(), scanner.isAtEnd else { return nil }
        return time - offset
    }

    static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    private static func lastDay(_ year: Int64, _ month: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// A position in a text.
private struct Scanner {
    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    mutating func digits(_ count: Int) -> Int64? {
        let found = rest.prefix(count)
        guard found.count == count, found.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            return nil
        }
        rest.removeFirst(count)
        return Int64(found)
    }

    /// Milliseconds since midnight.
    mutating func clock() -> Int64? {
        guard let hour = digits(2), take(":"), let minute = digits(2), hour < 24, minute < 60
        else { return nil }
        var milliseconds = (hour * 60 + minute) * 60_000
        guard take(":") else { return milliseconds }
        guard let second = digits(2), second < 60 else { return nil }
        milliseconds += second * 1000
        guard take(".") else { return milliseconds }
        let fraction = rest.prefix { $0.isASCII && $0.isNumber }
        guard !fraction.isEmpty else { return nil }
        rest.removeFirst(fraction.count)
        return milliseconds + (Int64((fraction + "000").prefix(3)) ?? 0)
    }

    /// What the zone is ahead of UTC, in milliseconds.
    mutating func zone() -> Int64? {
        if isAtEnd || take("Z") { return 0 }
        let sign: Int64 = take("-") ? -1 : 1
        guard sign < 0 || take("+"), let hour = digits(2), hour < 24 else { return nil }
        _ = take(":")
        guard let minute = digits(2), minute < 60 else { return nil }
        return sign * (hour * 60 + minute) * 60_000
    }
}
