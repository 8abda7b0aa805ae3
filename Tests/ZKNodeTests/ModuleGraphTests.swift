import Testing

// The project's own rules, read from its sources: docs/architecture.md has the graph. A rule that a
// file has a reason to break names the file and the reason here.

@Suite("The rules that the sources keep")
struct ModuleGraphTests {
    /// What each module may import; of the standard library and the system, see below.
    private static let graph: [String: Set<String>] = {
        let engine: Set = ["ZKWire", "Storage", "DataTree", "TxnLog", "Snapshot", "Recovery"]
        return [
            "ZKWire": [],
            "Storage": ["CCRC32", "CZlib"],
            "DataTree": ["CCRC32", "ZKWire"],
            "TxnLog": ["Storage", "ZKWire", "CLZ4"],
            "Snapshot": ["Storage", "ZKWire", "DataTree", "CAdler32", "CLZ4", "CZlib"],
            "Recovery": ["Storage", "ZKWire", "DataTree", "TxnLog", "Snapshot"],
            "Zab": ["ZKWire", "DequeModule"],
            "Resync": engine.union(["Zab"]),
            "Repair": engine.union(["Zab"]),
            "ServerCore": ["ZKWire", "DataTree", "Zab", "Crypto", "DequeModule"],
            "Simulation": engine.union([
                "Resync", "Repair", "Zab", "ServerCore", "DequeModule",
            ]),
            "ServerConfiguration": [],
            "Inspection": engine,
            "Maintenance": engine,
            "ZKNode": engine.union([
                "Resync", "Repair", "Zab", "ServerCore", "ServerConfiguration", "NIOCore",
                "NIOPosix", "NIOConcurrencyHelpers", "Logging",
            ]),
        ]
    }()

    /// Who uses the C library, and for what.
    private static let systemCallers: [String: String] = [
        "Storage/PosixDisk.swift": "the one file that makes file system calls",
        "Storage/SystemMessage.swift": "strerror",
        "Storage/MetaStore.swift": "errno's names",
        "Storage/DiskFile+Bytes.swift": "errno's names",
        "Storage/SimulatedDisk.swift": "errno's names",
        "Storage/SimulatedFaults.swift": "errno's names",
        "Storage/SimulatedFile.swift": "errno's names",
        "Storage/OverlayDisk.swift": "errno's names",
        "Storage/DiskError+Space.swift": "errno's names",
        "Storage/MetaInspection.swift": "errno's names",
        "TxnLog/WatermarkInspection.swift": "errno's names",
        "Inspection/Place.swift": "errno's names",
        "Inspection/InspectionError.swift": "errno's names",
        "Maintenance/MaintenanceError+Message.swift": "errno's names",
        "ZKNode/Admin/AdminSocket.swift": "the admin socket's file: its mode, and its removal",
        "ZKNode/Admin/AdminClient.swift": "the far end of the admin socket",
        "TxnLog/TxnLog+Open.swift": "errno's names",
        "Recovery/DiskError+Lock.swift": "errno's names",
        "ZKWire/ByteView+Compare.swift": "memcmp",
        "ZKNode/ClientListener.swift": "errno's names",
        "ZKNode/CoreLoop.swift": "the wall clock",
        "ZKNode/LogWriter.swift": "writes to standard error",
        "ZKNode/ServerLogging.swift": "the wall clock",
        "ZKNode/ThreadPriority.swift": "setpriority",
        "ZKNode/ConfigurationFiles.swift": "reads zoo.cfg and myid, before there is a Disk",
        "ZKNode/FourLetterWords/Environment.swift": "what `envi` and `mntr` say of the process",
        "ZKNode/FourLetterWords/FourLetterWords+Dump.swift": "a time as Java prints it",
    ]

    /// Modules that must give the same result for the same calls.
    private static let deterministic: Set = [
        "ZKWire", "DataTree", "TxnLog", "Snapshot", "Recovery", "Resync", "Repair", "Zab",
        "ServerCore", "Simulation",
    ]

    @Test("every module is in the graph and imports what the graph says")
    func imports() {
        #expect(SourceTree.files.count > 100)
        var violations: [String] = []
        for file in SourceTree.files {
            guard let allowed = Self.graph[file.module] else {
                violations.append("\(file.path): a module that the graph does not have")
                continue
            }
            let system: Set = ["Glibc", "Darwin", "Synchronization"]
            for name in file.imports where !allowed.union(system).contains(name) {
                violations.append("\(file.path) imports \(name)")
            }
        }
        #expect(violations == [])
    }

    /// Known bugs can be put back only where servers are simulated: elsewhere they are handed down as
    /// what they were, and nobody outside has a name for them.
    @Test("only the simulator puts known bugs back")
    func defects() {
        let users: Set = ["ZKWire", "DataTree", "TxnLog", "Recovery", "Resync", "Zab", "ServerCore"]
        let names = /\bdefects\b|KnownDefects|zookeeper\d{4}/
        let strangers = SourceTree.files.filter { !users.contains($0.module) }
            .filter { $0.module != "Simulation" } + SourceTree.tools
        #expect(strangers.flatMap { $0.places(names) } == [])
        // A default, or what the configuration says.
        let assignment = #/\bdefects(: KnownDefects)? = /#
        let given = #/\bdefects(: KnownDefects)? = (\[\]|configuration\.defects)$/#
        for file in SourceTree.files where users.contains(file.module) {
            #expect(file.places(assignment) == file.places(given), "\(file.path)")
        }
    }

    @Test("every setting is used by the shell, or has a remark where it is not followed")
    func settings() {
        let settings = "ServerConfiguration/ServerConfiguration+Settings.swift"
        let readers = SourceTree.files.filter {
            $0.module == "ZKNode" || $0.path.hasPrefix("ServerConfiguration/ConfigurationParser+")
        }
        let words = Set(readers.flatMap(\.code).flatMap { $0.split { !$0.isLetter } })
        let declared = SourceTree.files.first { $0.path == settings }?.code ?? []
        // HTTP is remarked upon by the keys' names.
        let relevant = declared.prefix { !$0.contains("struct AdminSettings") }
        let names = relevant.compactMap { $0.firstMatch(of: /^ +package var (\w+)/)?.output.1 }
        #expect(names.count > 30)
        for name in names where !words.contains(name) {
            // `givenX` is read as `x`, with its default.
            let plain = name.dropFirst("given".count)
            let use = plain.prefix(1).lowercased() + plain.dropFirst()
            #expect(name.hasPrefix("given") && words.contains(Substring(use)), "\(name)")
        }
    }

    @Test("only files that are named here, with a reason, use the C library")
    func systemCalls() {
        let callers = SourceTree.files.filter {
            !Set($0.imports).isDisjoint(with: ["Glibc", "Darwin"])
        }
        #expect(Set(callers.map(\.path)).subtracting(Self.systemCallers.keys) == [])
    }

    @Test("only the disk's file opens, writes, syncs, renames and removes files")
    func fileCalls() {
        // A declaration of the same name is no call.
        let calls =
            /(^|[^.\w ]|[^c] )(openat|creat|pread|pwrite|pwritev|fsync|fdatasync|ftruncate|unlink|mkdir|rmdir|fopen|mmap|flock)\(|\bO_(CREAT|WRONLY|RDWR)\b/
        let violations = SourceTree.files
            .filter { Self.systemCallers[$0.path] != nil && $0.path != "Storage/PosixDisk.swift" }
            .filter {
                // The socket of the second is a file too, which is none of the disk's.
                !["ZKNode/ConfigurationFiles.swift", "ZKNode/Admin/AdminSocket.swift"]
                    .contains($0.path)
            }
            .flatMap { $0.places(calls) }
        #expect(violations == [])
    }

    @Test("threads, tasks and sockets are the shell's alone")
    func concurrency() {
        let words = /\b(pthread_\w+|Thread|DispatchQueue|Task|TaskGroup|actor|async|await|socket)\b/
        let violations = SourceTree.files.filter { $0.module != "ZKNode" }
            .flatMap { $0.places(words) }
        #expect(violations == [])
    }

    @Test("below the shell there is no clock, no chance and no environment")
    func determinism() {
        let words = /\b(SystemRandomNumberGenerator|ContinuousClock|SuspendingClock|clock_gettime|gettimeofday|NIODeadline|DispatchTime|getenv|CommandLine|Hasher|shuffled\(\)|randomElement\(\))\b|\.random\(in: [^,)]*\)/
        let violations = SourceTree.files.filter { Self.deterministic.contains($0.module) }
            .flatMap { $0.places(words) }
        #expect(violations == [])
    }

    @Test("nothing is forced, nothing ends the process but a failed check, no Foundation")
    func forbidden() {
        let words = /\btry!|\bas!|\bfatalError\b|\bexit\(|\bimport Foundation/
        #expect(SourceTree.files.flatMap { $0.places(words) } == [])
    }

    @Test("whatever the compiler does not check says why it is right")
    func safety() {
        let unchecked = /@unchecked|unowned\(unsafe\)|nonisolated\(unsafe\)/
        let memory = /\.allocate\((byteCount|capacity):|\.deallocate\(\)|assumingMemoryBound|bindMemory/
        var violations: [String] = []
        for file in SourceTree.files {
            if !file.places(memory).isEmpty, !file.lines.contains(where: isReason) {
                violations.append("\(file.path): memory without a SAFETY line")
            }
            for (number, line) in file.code.enumerated() where line.contains(unchecked) {
                let above = file.lines[max(0, number - 6)...number]
                if !above.contains(where: isReason) {
                    violations.append("\(file.path):\(number + 1)")
                }
            }
        }
        #expect(violations == [])
    }

    private func isReason(_ line: String) -> Bool { line.contains("// SAFETY:") }
}
