import Glibc

/// A Swift file of the product, as the rules of the project look at it.
struct SourceFile {
    /// From `Sources/` on, for instance `ZKWire/Txn.swift`.
    let path: String
    let lines: [String]

    var module: String { String(path.prefix { $0 != "/" }) }

    /// The lines without their comments.
    var code: [String] {
        lines.map { line in
            guard let comment = line.firstRange(of: "//") else { return line }
            return String(line[..<comment.lowerBound])
        }
    }

    /// The modules that it imports, also by a single declaration (`import struct Module.Name`).
    var imports: [String] {
        code.compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), words.count > place + 1,
                words[..<place].allSatisfy({ $0.hasPrefix("@") })
            else { return nil }
            return words.last.map { String($0.prefix { $0 != "." }) }
        }
    }

    /// `path:line` of each line of code that contains a match.
    func places(_ pattern: some RegexComponent) -> [String] {
        code.enumerated().filter { $0.element.contains(pattern) }.map {
            "\(path):\($0.offset + 1)"
        }
    }
}

/// All of `Sources`, and what the programs are made of.
enum SourceTree {
    static let files = read(root + "/Sources", "")
    /// But for the simulator's.
    static let tools = ["zknode", "zkdump", "zkbench"].flatMap { read(root + "/tools", $0) }

    private static let root =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private static func read(_ root: String, _ relative: String) -> [SourceFile] {
        names(root + "/" + relative).flatMap { name -> [SourceFile] in
            let path = relative.isEmpty ? name : relative + "/" + name
            guard name.contains(".") else { return read(root, path) }
            guard name.hasSuffix(".swift") else { return [] }
            return [SourceFile(path: path, lines: content(root + "/" + path))]
        }
    }

    private static func names(_ path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func content(_ path: String) -> [String] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
            bytes += chunk[..<count]
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
