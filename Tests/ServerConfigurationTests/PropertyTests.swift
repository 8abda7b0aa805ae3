import ServerConfiguration
import Testing

@Suite struct PropertyTests {
    private func pairs(_ text: String) -> [String] {
        Property.all(in: text).map { "\($0.line) [\($0.key)] [\($0.value)]" }
    }

    @Test("key and value are separated by =, : or blanks, once")
    func separators() {
        #expect(
            pairs("a=1\nb:2\nc 3\nd\t4\n  e  =  5  \nf==6\ng: =7\nh") == [
                "1 [a] [1]", "2 [b] [2]", "3 [c] [3]", "4 [d] [4]", "5 [e] [5]", "6 [f] [=6]",
                "7 [g] [=7]", "8 [h] []",
            ])
    }

    @Test("comments and blank lines are skipped, and a comment is not continued")
    func comments() {
        #expect(
            pairs("# one\\\na=1\n\n  ! two\n\t\nb=2 # part of the value\n") == [
                "2 [a] [1]", "6 [b] [2 # part of the value]",
            ])
    }

    @Test("a line that ends in an odd number of backslashes goes on, without the next one's blanks")
    func continuation() {
        #expect(
            pairs("a=1,\\\n    2,\\\n    # 3\nb=back\\\\\nc=\\\\\\\n  x\nlast=\\") == [
                "1 [a] [1,2,# 3]", "4 [b] [back\\]", "5 [c] [\\x]", "7 [last] []",
            ])
    }

    @Test("escapes stand for characters in keys and values")
    func escapes() {
        #expect(
            pairs("a\\ b\\=c\\:d = x\\ty\\u00e9\\q\nk=\\u12\nn=C:\\\\dir\\nnext") == [
                "1 [a b=c:d] [x\tyéq]", "2 [k] [u12]", "3 [n] [C:\\dir\nnext]",
            ])
    }

    @Test("lines end at LF, CR and CR LF, and a byte order mark is no part of the first key")
    func lineEnds() {
        #expect(
            pairs("\u{FEFF}a=1\r\nb=2\rc=3\r\r\nd=4") == [
                "1 [a] [1]", "2 [b] [2]", "3 [c] [3]", "5 [d] [4]",
            ])
    }

    @Test("any text at all is read without a crash")
    func arbitraryText() {
        var generator = SplitMix(state: 42)
        let letters = Array("ab=: \t\\\n\r#!u0f.é\u{FEFF}")
        for _ in 0..<3000 {
            let count = Int(generator.next() % 40)
            let text = String((0..<count).map { _ in letters[Int(generator.next() % 17)] })
            for property in Property.all(in: text) { #expect(property.line >= 1) }
        }
    }
}

/// A generator with a seed (Steele, Lea, Flood, "Fast splittable pseudorandom number generators").
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
