import Storage
import Testing
import TxnLog
import ZKWire

/// The worked example of docs/formats/txnlog.md is what the code writes. To renew it after a change
/// of the format, paste what the failing test prints.
@Suite struct GoldenTests {
    private func exampleDisk() throws -> SimulatedDisk {
        var fixture = Fixture(segmentSizeBytes: 8192)
        fixture.configuration.ensembleID = 0x0102_0304_0506_0708
        fixture.configuration.saltSeed = 1
        return try fixture.written([
            [TestTxn(zxid(1), payload: Array("one".utf8))],
            [
                TestTxn(zxid(2), payload: Array("two, two".utf8)),
                TestTxn(zxid(3), payload: []),
            ],
        ])
    }

    private func dump(_ bytes: [UInt8], _ ranges: [Range<Int>]) -> String {
        ranges.flatMap { range in
            stride(from: range.lowerBound, to: range.upperBound, by: 16).map { offset in
                let line = bytes[offset..<min(offset + 16, range.upperBound)]
                let hex = line.map { hexadecimal(Int($0), digits: 2) }.joined(separator: " ")
                return hexadecimal(offset, digits: 4) + "  " + hex
            }
        }.joined(separator: "\n")
    }

    private func hexadecimal(_ value: Int, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// The block that follows `<!-- golden: name -->` in the specification.
    private func example(_ name: String) throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try PosixDisk().openForReading("/\(root)/docs/formats/txnlog.md")
        let size = Int(try file.sizeBytes())
        let lines = String(decoding: try file.readBytes(size, at: 0), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "<!-- golden: \(name) -->"))
        return lines[(start + 2)...].prefix { $0 != "```" }.joined(separator: "\n")
    }

    @Test("The specification's example of a segment is what is written")
    func segment() throws {
        let disk = try exampleDisk()
        let bytes = try #require(disk.content(of: path(firstSegment)))
        let end = try disk.recordsEnd(of: firstSegment) + 8
        let text = dump(bytes, [0..<64, 4080..<end])
        #expect(try example("segment") == text, "\n\(text)")
    }

    @Test("The specification's example of a watermark is what is written")
    func watermark() throws {
        let bytes = try #require(try exampleDisk().content(of: path("watermark")))
        let text = dump(bytes, [0..<64, 4096..<4160])
        #expect(try example("watermark") == text, "\n\(text)")
    }
}
