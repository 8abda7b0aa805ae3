import Storage
import Testing

struct OverlayDiskTests {
    @Test("What is written through an overlay is read through it, and the base stays as it was")
    func randomChanges() throws {
        var random = SplitMix(seed: 3)
        for _ in 0..<20 {
            let base = SimulatedDisk()
            try base.createDirectory("d")
            var model = (0..<random.below(300_000)).map { _ in UInt8(random.below(256)) }
            base.place(model, at: "d/file")
            let original = model
            let overlay = OverlayDisk(base)
            let file = try overlay.open("d/file")
            for _ in 0..<20 { try change(file, &model, &random) }
            #expect(file.sizeBytes() == Int64(model.count))
            #expect(try overlay.openForReading("d/file").readBytes(model.count + 9, at: 0) == model)
            let start = random.below(model.count + 1)
            #expect(
                try file.readBytes(70_000, at: Int64(start))
                    == Array(model[start...].prefix(70_000)))
            #expect(base.content(of: "d/file") == original)
        }
    }

    private func change(
        _ file: OverlayFile<SimulatedFile>, _ model: inout [UInt8], _ random: inout SplitMix
    ) throws {
        switch random.below(3) {
        case 0:
            let size = random.below(400_000)
            try file.truncate(to: Int64(size))
            model = Array(model.prefix(size))
            model += [UInt8](repeating: 0, count: size - model.count)
        case 1:
            let bytes = (0..<random.below(150_000)).map { _ in UInt8(random.below(256)) }
            let start = random.below(model.count + 1000)
            try file.write(bytes, at: Int64(start))
            guard !bytes.isEmpty else { return }
            if model.count < start + bytes.count {
                model += [UInt8](repeating: 0, count: start + bytes.count - model.count)
            }
            model.replaceSubrange(start..<(start + bytes.count), with: bytes)
        default:
            let size = random.below(400_000)
            file.allocate(Int64(size))
            if size > model.count { model += [UInt8](repeating: 0, count: size - model.count) }
        }
    }

    @Test("Names are made, changed and removed in the overlay alone")
    func names() throws {
        let base = SimulatedDisk()
        try base.createDirectory("d")
        base.place([1], at: "d/one")
        base.place([2], at: "d/two")
        let overlay = OverlayDisk(base)
        try overlay.rename("d/one", to: "d/uno")
        try overlay.remove("d/two")
        _ = try overlay.create("d/three")
        try overlay.createDirectory("d/sub")
        #expect(try overlay.list("d") == ["sub", "three", "uno"])
        #expect(try overlay.openForReading("d/uno").readBytes(1, at: 0) == [1])
        #expect(!overlay.exists("d/one") && !overlay.exists("d/two"))
        #expect(throws: DiskError.self) { try overlay.openForReading("d/two") }
        #expect(throws: DiskError.self) { try overlay.list("nowhere") }
        let lock = try base.lock("d/lock")
        overlay.lock("d/lock").release()
        lock.release()
        #expect(try base.list("d") == ["lock", "one", "two"])
    }
}
