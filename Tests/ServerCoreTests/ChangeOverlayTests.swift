import ServerCore
import Testing
import ZKWire

/// What the overlay is made of, against the plainest form of each.
@Suite("Parts of the change overlay")
struct ChangeOverlayTests {
    @Test("The table finds what a dictionary has, whatever collides", arguments: 0..<8)
    func table(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var table = NewestChange()
        var model: [Int: Int] = [:]
        var numbers: [Int: Int] = [:]
        // Few hashes for many keys, so that runs of slots collide, wrap and are moved up.
        func hash(_ key: Int) -> UInt64 { UInt64(key % 37) &* 0x9E37_79B9_7F4A_7C15 >> 3 }
        func slot(_ key: Int) -> Int { table.slot(hash(key)) { numbers[$0] == key } }
        for number in 0..<4000 {
            let key = random.below(300)
            if random.below(5) < 3 {
                numbers[number] = key
                table.set(slot(key), hash(key), number)
                model[key] = number
            } else if model.removeValue(forKey: key) != nil {
                table.remove(slot(key))
            }
            if number % 50 == 0 {
                for key in 0..<300 { #expect(table[slot(key)] == model[key]) }
            }
        }
    }

    @Test("Paths leave at both ends and the others stay what they were", arguments: 0..<4)
    func paths(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var queue = PathQueue()
        var model: [(place: PathQueue.Place, path: [UInt8])] = []
        for step in 0..<20_000 {
            // Grows to far beyond what is worth moving, and shrinks to nothing, in turn.
            let isGrowing = step / 4000 % 2 == 0
            switch random.below(10) {
            case 0..<(isGrowing ? 7 : 2):
                let path = (0..<random.below(200)).map { _ in UInt8(random.below(256)) }
                model.append((path.withByteView { queue.append($0) }, path))
            case 9: if let last = model.popLast() { queue.removeLast(last.place) }
            default: if !model.isEmpty { queue.removeFirst(model.removeFirst().place) }
            }
            if let first = model.first { #expect([UInt8](queue[first.place]) == first.path) }
            if let last = model.last { #expect([UInt8](queue[last.place]) == last.path) }
        }
        for (place, path) in model { #expect([UInt8](queue[place]) == path) }
    }
}
