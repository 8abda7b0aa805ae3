/// `ip` ACLs: an address, or a network as `address/bits`; IPv4 and IPv6
/// (Apache `IPAuthenticationProvider`).
package enum IPScheme {
    /// Whether `id` may stand in an ACL.
    package static func isValid(id: String) -> Bool { network(id) != nil }

    /// Whether a client at `address` is within `expression`.
    package static func matches(address: String, expression: String) -> Bool {
        guard let (network, bits) = network(expression), let own = parse(address),
            own.count == network.count
        else { return false }
        return hasSamePrefix(own, network, bits: bits)
    }

    private static func network(_ text: String) -> (bytes: [UInt8], bits: Int)? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = parse(String(parts[0])) else { return nil }
        guard parts.count == 2 else { return (bytes, bytes.count * 8) }
        guard let bits = Int(parts[1]), bits >= 0, bits <= bytes.count * 8 else { return nil }
        return (bytes, bits)
    }

    private static func hasSamePrefix(_ left: [UInt8], _ right: [UInt8], bits: Int) -> Bool {
        let whole = bits / 8
        guard left[..<whole] == right[..<whole] else { return false }
        let rest = bits % 8
        guard rest > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - rest))
        return left[whole] & mask == right[whole] & mask
    }

    /// 4 or 16 bytes, nil if the text is no address.
    static func parse(_ text: String) -> [UInt8]? {
        text.contains(":") ? parseIPv6(text) : parseIPv4(text)
    }

    private static func parseIPv4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard !part.isEmpty, part.allSatisfy(\.isNumber), let byte = UInt8(part) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }

    private static func parseIPv6(_ text: String) -> [UInt8]? {
        let unscoped = text.split(separator: "%", maxSplits: 1)[0]
        let halves = unscoped.splitOnDoubleColon()
        guard halves.count <= 2, let head = groups(halves[0]) else { return nil }
        guard halves.count == 2 else { return head.count == 16 ? head : nil }
        guard let tail = groups(halves[1]), head.count + tail.count <= 14 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let mapped = parseIPv4(String(part)) else { return nil }
                bytes += mapped
            } else {
                guard (1...4).contains(part.count), let group = UInt16(part, radix: 16) else {
                    return nil
                }
                bytes += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
            }
        }
        return bytes.count <= 16 ? bytes : nil
    }
}

extension Substring {
    /// The parts around each `::`; one part where there is none.
    fileprivate func splitOnDoubleColon() -> [Substring] {
        var parts: [Substring] = []
        var start = startIndex
        var place = startIndex
        while place < endIndex {
            let following = index(after: place)
            if self[place] == ":", following < endIndex, self[following] == ":" {
                parts.append(self[start..<place])
                start = index(after: following)
                place = start
            } else {
                place = following
            }
        }
        parts.append(self[start...])
        return parts
    }
}
