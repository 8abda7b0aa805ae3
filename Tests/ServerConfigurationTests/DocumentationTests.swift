import Foundation
import ServerConfiguration
import Testing

@Suite struct DocumentationTests {
    private static let begin = "<!-- table of keys: begin -->\n"
    private static let end = "<!-- table of keys: end -->"

    @Test("the page for operators lists the keys of the table, no more and no less")
    func pageIsCurrent() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = root.appending(path: "docs/operating/configure.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let begin = try #require(text.range(of: Self.begin))
        let end = try #require(text.range(of: Self.end))
        let current = ConfigurationKey.documentation
        if ProcessInfo.processInfo.environment["ZKNODE_UPDATE_DOCS"] != nil {
            let updated = text[..<begin.upperBound] + current + text[end.lowerBound...]
            try updated.write(to: page, atomically: true, encoding: .utf8)
            return
        }
        #expect(
            text[begin.upperBound..<end.lowerBound] == current,
            "run with ZKNODE_UPDATE_DOCS=1 to rewrite docs/operating/configure.md")
    }

    @Test("each key that is applied says what it does in one sentence")
    func meanings() {
        for key in ConfigurationKey.all where key.status == .applied {
            #expect(key.meaning.hasSuffix("."), "\(key.name)")
            #expect(!key.defaultText.isEmpty, "\(key.name)")
        }
    }
}
