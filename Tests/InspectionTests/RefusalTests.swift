import Inspection
import Storage
import Testing
import TxnLog

/// What is no file of ours, or not the right one, is refused with its name and what to do.
struct RefusalTests {
    private func message(_ capture: Capture) -> String { capture.error.map { "\($0)" } ?? "none" }

    @Test("Missing, empty and foreign files, and files of another kind")
    func files() throws {
        let disk = try Scenario.disk()
        disk.place([], at: "data/empty")
        disk.place(Array("hello world, this is text".utf8), at: "data/notes")
        let tool = Tool(disk)
        #expect(
            message(tool.log("data/none"))
                == "data/none: no such file or directory. Check the path")
        #expect(
            message(tool.log("data/empty"))
                == "data/empty is empty (0 bytes), and a log file was expected. Take it from a"
                + " backup or from another member")
        #expect(
            message(tool.log("data/notes"))
                == "data/notes: at offset 0 there is neither a log's nor a snapshot's magic (bytes"
                + " 68 65 6c 6c 6f 20 77 6f), and a log file was expected. Check the path; if it is"
                + " right, the file has been overwritten: take it from a backup")
        #expect(message(tool.log(Scenario.snapshot)).contains("read it with zkdump snapshot"))
        #expect(message(tool.snapshot(Scenario.first)).contains("read it with zkdump log"))
        #expect(message(tool.snapshot("data")).contains("zkdump tree reads directories"))
        #expect(message(tool.verify(Scenario.first)).contains("is not a directory"))
        #expect(message(tool.log("data/zknode/meta-a")).contains("a meta file"))
    }

    @Test("A directory with nothing of ours, and the wrong one of ours")
    func directories() throws {
        let disk = try Scenario.disk()
        try disk.createDirectory("other")
        let tool = Tool(disk)
        #expect(message(tool.verify("other")).contains("no zknode or version-2 in it"))
        #expect(message(tool.tree(Scenario.log)).contains("is not a data directory"))
        #expect(message(tool.log(Scenario.snapshots)).contains("it holds snapshots"))
        #expect(tool.verify("data/").status == .clean)
        #expect(tool.verify("data/zknode").status == .clean)
        #expect(tool.verify(Scenario.log).status == .clean)
        #expect(tool.verify(Scenario.snapshots).status == .clean)
    }

    @Test("A later version's files are not called damaged")
    func laterVersion() throws {
        let disk = try Scenario.disk()
        var bytes = try #require(disk.content(of: Scenario.first))
        bytes[8] = 9
        let checksum = bytes.withUnsafeBytes {
            Checksum.crc32(UnsafeRawBufferPointer(rebasing: $0[..<4092]))
        }
        withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(4092..<4096, with: $0) }
        disk.place(bytes, at: Scenario.first)
        let tool = Tool(disk)
        for capture in [tool.log(Scenario.first), tool.log("data"), tool.verify("data")] {
            #expect(
                message(capture)
                    == "\(Scenario.first): format version 9 at offset 8, and this program reads 1."
                    + " Use the zkdump of the version that wrote it")
        }
    }

    @Test("What a terminal would obey is not printed as it is")
    func escapes() throws {
        let disk = SimulatedDisk()
        var scenario = try Scenario(disk)
        try scenario.create("/a\u{1B}[2J", "", .persistent, .create, parent: 1)
        try scenario.state.log.close()
        let found = Tool(disk).log("data")
        #expect(found.text.contains("/a\\x1b[2J"))
        #expect(!found.text.contains("\u{1B}"))
        #expect(Tool(disk).log("data", .json).text.contains("/a\\u001b[2J"))
    }

    @Test("Colour is where it is asked for, and nowhere else")
    func colour() throws {
        let disk = try Scenario.disk()
        let command = VerifyCommand(disk, path: "data")
        let coloured = Capture(isColoured: true) { (output) throws(InspectionError) in
            try command.run(output)
        }
        #expect(coloured.text.contains("\u{1B}[32mok"))
        #expect(!Tool(disk).verify("data").text.contains("\u{1B}"))
    }
}
