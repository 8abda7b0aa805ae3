import Glibc

/// What `envi` prints of the process. Names that only a Java process has say so.
enum Environment {
    static var text: String {
        var text = "Environment:\n"
        for (key, value) in entries { text += "\(key)=\(value.isEmpty ? "<NA>" : value)\n" }
        return text
    }

    private static var entries: [(String, String)] {
        let system = systemName()
        return [
            ("zookeeper.version", ServerVersion.text), ("host.name", hostName()),
            ("java.version", "<NA>"), ("java.vendor", "<NA>"), ("java.home", "<NA>"),
            ("java.class.path", "<NA>"), ("java.library.path", "<NA>"),
            ("java.io.tmpdir", variable("TMPDIR") ?? "/tmp"), ("java.compiler", "<NA>"),
            ("os.name", system.name), ("os.arch", system.machine), ("os.version", system.release),
            ("user.name", variable("USER") ?? "<NA>"), ("user.home", variable("HOME") ?? "<NA>"),
            ("user.dir", workingDirectory()), ("os.memory.free", memory(_SC_AVPHYS_PAGES)),
            ("os.memory.max", memory(_SC_PHYS_PAGES)), ("os.memory.total", memory(_SC_PHYS_PAGES)),
        ]
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    }

    private static func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    private static func memory(_ pages: Int) -> String {
        let bytes = sysconf(Int32(pages)) * sysconf(Int32(_SC_PAGESIZE))
        return "\(bytes / 1_048_576)MB"
    }

    private static func systemName() -> (name: String, machine: String, release: String) {
        var names = utsname()
        guard uname(&names) == 0 else { return ("", "", "") }
        func text<T>(_ field: T) -> String {
            withUnsafeBytes(of: field) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        return (text(names.sysname), text(names.machine), text(names.release))
    }
}

/// File descriptors of this process.
struct OpenFiles {
    var open: Int
    var maximum: Int

    static func current() -> OpenFiles {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var count = 0
        if let directory = opendir("/proc/self/fd") {
            while readdir(directory) != nil { count += 1 }
            closedir(directory)
            count -= 3  // `.`, `..` and the directory itself
        }
        return OpenFiles(open: max(count, 0), maximum: Int(clamping: limit.rlim_cur))
    }
}
