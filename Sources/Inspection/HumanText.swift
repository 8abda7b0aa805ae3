import ZKWire

// Numbers, times and names as people read them.

func hexDigits(_ value: UInt64, width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(width - digits.count, 0)) + digits
}

func hexWord(_ value: UInt32) -> String { "0x" + hexDigits(UInt64(value), width: 8) }

/// A moment in milliseconds since 1970, as ISO 8601 in UTC. Proleptic Gregorian; the days are
/// counted from March on, so that the leap day is a year's last (Hinnant, *chrono-compatible
/// low-level date algorithms*).
func humanTime(milliseconds: Int64) -> String {
    let perDay: Int64 = 86_400_000
    let days = floorDivide(milliseconds, perDay)
    let inDay = milliseconds - days * perDay
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * march + 2) / 5 + 1
    let month = march < 10 ? march + 3 : march - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
        + "\(padded(inDay / 3_600_000, 2)):\(padded(inDay / 60_000 % 60, 2)):"
        + "\(padded(inDay / 1000 % 60, 2)).\(padded(inDay % 1000, 3))Z"
}

private func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(width - digits.count, 0)) + digits
}

/// 1536 is "1.5 KiB".
func humanSize(_ bytes: Int64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var unit = 0
    var scale: Int64 = 1
    while unit + 1 < units.count, bytes >= scale * 1024 {
        scale *= 1024
        unit += 1
    }
    if unit == 0 { return "\(bytes) B" }
    let tenths = (bytes * 10 + scale / 2) / scale
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
}

/// Text from a file, with nothing in it that a terminal would obey.
func printable(_ bytes: ByteView) -> String { printable(bytes.text) }

func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        if isControl(scalar) {
            result += "\\x" + hexDigits(UInt64(scalar.value), width: 2)
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
}

extension String {
    func leftAligned(_ width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(width - count, 0))
    }

    func rightAligned(_ width: Int) -> String {
        String(repeating: " ", count: Swift.max(width - count, 0)) + self
    }
}

extension Permissions {
    /// As `zkCli` writes them: `cdrwa`.
    var letters: String {
        let all: [(Permissions, String)] = [
            (.create, "c"), (.delete, "d"), (.read, "r"), (.write, "w"), (.admin, "a"),
        ]
        return all.filter { contains($0.0) }.map(\.1).joined()
    }
}

/// `world:anyone:cdrwa`, several joined by commas.
func aclText(_ entries: [ACLEntry]) -> String {
    entries.map {
        printable("\($0.identity.scheme):\($0.identity.id):") + $0.permissions.letters
    }.joined(separator: ",")
}

func aclText(encoded: ByteView) -> String {
    var reader = JuteReader(encoded)
    guard let entries = try? reader.readACL() else { return "undecodable" }
    return aclText(entries)
}

/// `ephemeralOwner` in words.
func ownerText(_ owner: Int64) -> String {
    switch NodeKind(ephemeralOwner: owner) {
    case .persistent: "persistent"
    case .ephemeral(let session): "\(session)"
    case .container: "container"
    case .ttl(let milliseconds): "ttl:\(milliseconds)ms"
    }
}
