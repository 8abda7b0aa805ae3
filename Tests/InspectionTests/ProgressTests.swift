import Inspection
import Storage
import Testing
import ZKWire

/// What a long reading tells whoever watches.
struct ProgressTests {
    @Test("A watcher is told which file is read, how far, and how large it is")
    func files() throws {
        let disk = try Scenario.disk()
        var said: [String] = []
        let output = Output(.text, progress: { said.append("\($0)") }) { _ in }
        _ = try VerifyCommand(disk, path: "data").run(output)
        for path in [Scenario.first, Scenario.second] {
            #expect(said.contains("\(path): 100% of 16.0 KiB"), "\(said)")
        }
        let apache = try Files.apacheDisk()
        said = []
        _ = try LogCommand(apache, path: "apache").run(output)
        #expect(said.count == 2 && said.allSatisfy { $0.hasPrefix("apache/version-2/log.") })
    }

    @Test("A replay is told by its zxids, and by one alone where its end is not known")
    func replays() {
        func text(_ zxid: Int64, _ last: Int64) -> String {
            let progress = Output.Progress.replayed(
                path: "data", Zxid(rawValue: zxid), of: Zxid(rawValue: last))
            return "\(progress)"
        }
        #expect(text(0x1FFFF, 0xF4687) == "data: replaying, at 0x1ffff of 0xf4687")
        #expect(text(0x1FFFF, 0x1FFFF) == "data: replaying, at 0x1ffff")
    }
}
