import ZKWire

/// Which paths may be created (Apache `PathUtils.validatePath`).
enum PathRules {
    static func isValid(_ path: ByteView) -> Bool {
        guard let first = path.first, first == slash else { return false }
        guard path.count > 1 else { return true }
        guard path[path.count - 1] != slash else { return false }
        return areComponentsValid(path) && areCharactersValid(path)
    }

    /// The parent's path and the name's start; nil for a path without a slash. The root's children
    /// have the parent `/`.
    static func split(_ path: ByteView) -> (parent: ByteView, nameStart: Int)? {
        guard let last = path.lastIndex(of: slash) else { return nil }
        return (path[view: 0..<max(last, 1)], last + 1)
    }

    static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// No empty component, no `.`, no `..`.
    private static func areComponentsValid(_ path: ByteView) -> Bool {
        var start = 1
        for place in 1...path.count where place == path.count || path[place] == slash {
            let length = place - start
            if length == 0 || (length == 1 && path[start] == dot)
                || (length == 2 && path[start] == dot && path[start + 1] == dot)
            {
                return false
            }
            start = place + 1
        }
        return true
    }

    private static func areCharactersValid(_ path: ByteView) -> Bool {
        if path.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return true }
        var decoder = UTF8()
        var bytes = path.makeIterator()
        while true {
            switch decoder.decode(&bytes) {
            case .scalarValue(let scalar):
                if isForbidden(scalar.value) { return false }
            case .emptyInput: return true
            case .error: return false
            }
        }
    }

    /// Control characters, what UTF-16 reserves or keeps for private use, and the specials.
    private static func isForbidden(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0...0x1F, 0x7F...0x9F, 0xD800...0xF8FF, 0xFFF0...0xFFFF: true
        case 0x10000...: true  // surrogates in UTF-16, which Apache looks at
        default: false
        }
    }
}
