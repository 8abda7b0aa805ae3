import Storage
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct MetaStoreTests {
    private let first = MetaRecord(ensembleID: 0x1122_3344_5566_7788, serverID: 3)

    private func record(epoch: UInt32) -> MetaRecord {
        var record = first
        record.acceptedEpoch = epoch
        record.currentEpoch = epoch - 1
        record.baseZxid = Int64(epoch) << 32
        record.baseChecksum = 0xdead_beef
        record.baseGeneration = epoch
        return record
    }

    private func newDisk() throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        try disk.createDirectory("m")
        try disk.syncDirectory(".")
        return disk
    }

    private func open(
        _ disk: SimulatedDisk, hasHistory: Bool = true
    ) throws -> MetaStore<SimulatedDisk> {
        try MetaStore(disk: disk, directory: "m", hasHistory: hasHistory)
    }

    private func written(_ records: [MetaRecord]) throws -> SimulatedDisk {
        let disk = try newDisk()
        var store = try open(disk, hasHistory: false)
        #expect(store.record == nil)
        for record in records { try store.write(record) }
        return disk
    }

    @Test("What was written is read back, from either copy")
    func roundTrip() throws {
        let disk = try written([first, record(epoch: 5)])
        #expect(try open(disk).record == record(epoch: 5))
        for name in ["m/meta-a", "m/meta-b"] {
            let one = try written([first, record(epoch: 5)])
            try one.remove(name)
            #expect(try open(one).record == record(epoch: 5))
            #expect(one.exists(name), "the missing copy is made again")
        }
    }

    @Test("The bytes of a copy are those of the specification")
    func goldenBytes() throws {
        let disk = try written([record(epoch: 5)])
        let bytes = try #require(disk.content(of: "m/meta-a"))
        let head = bytes[0..<64].map { String($0, radix: 16) }.joined(separator: " ")
        #expect(
            head == """
                5a 4b 4e 4f 44 4d 45 54 1 0 0 0 0 2 0 0 1 0 0 0 0 0 0 0 \
                88 77 66 55 44 33 22 11 3 0 0 0 0 0 0 0 5 0 0 0 4 0 0 0 \
                0 0 0 0 5 0 0 0 ef be ad de 5 0 0 0
                """)
        #expect(bytes.count == 512)
        #expect(bytes[64..<508].allSatisfy { $0 == 0 })
    }

    @Test("Every combination of two copies matches exactly one row")
    func table() {
        for a in MetaCopy.Kind.allCases {
            for b in MetaCopy.Kind.allCases {
                for hasHistory in [false, true] {
                    let rows = MetaVerdict.rows.filter {
                        $0.matches(a, b, hasHistory: hasHistory)
                    }
                    #expect(rows.count == 1, "\(a), \(b), \(hasHistory)")
                }
            }
        }
    }

    @Test("S-26: a flipped bit anywhere in one copy changes nothing; the copy is replaced")
    func oneDamaged() throws {
        let disk = try written([first, record(epoch: 5)])
        for name in ["m/meta-a", "m/meta-b"] {
            for offset in 0..<512 {
                let damaged = disk.afterKill()
                damaged.corrupt(name, offset, bits: 1 << (offset % 8))
                #expect(try open(damaged).record == record(epoch: 5))
                #expect(damaged.content(of: "m/meta-a") == damaged.content(of: "m/meta-b"))
            }
        }
    }

    @Test("S-26: two damaged copies are refused")
    func bothDamaged() throws {
        let disk = try written([first])
        disk.corrupt("m/meta-a", 40, bits: 1)
        disk.zero("m/meta-b", 0..<512)
        let error = try #require(throws: MetaError.self) { try open(disk) }
        #expect(
            error.description == """
                Meta: no usable copy in m: meta-a is damaged (stored 0xaabeeb29, computed \
                0x08f25e74), meta-b is damaged (stored 0x00000000, computed 0x0fbb6d54). The \
                epochs that this server has promised are unknown, so it does not start until it is \
                repaired: docs/operating/recovering.md#lost-meta
                """)
    }

    @Test("S-27: missing files are a first start only if there is no history")
    func missing() throws {
        #expect(try open(try newDisk(), hasHistory: false).record == nil)
        #expect(throws: MetaError.lost(directory: "m", a: .missing, b: .missing)) {
            try open(try newDisk(), hasHistory: true)
        }
    }

    @Test("S-05: an unreadable copy is a damaged one")
    func unreadable() throws {
        let disk = try written([first])
        disk.failReads("m/meta-b", 0..<512)
        #expect(try open(disk).record == first)
    }

    @Test("A copy that is too short or too long is damaged")
    func wrongSize() throws {
        let disk = try written([first])
        disk.place(Array(repeating: 0, count: 100), at: "m/meta-a")
        disk.place(Array(repeating: 0, count: 513), at: "m/meta-b")
        #expect(
            throws: MetaError.lost(
                directory: "m", a: .damaged("100 bytes, not 512"),
                b: .damaged("513 bytes, not 512"))
        ) { try open(disk) }
    }

    @Test("S-24: at every power cut, every state has the old record or the new one")
    func powerCuts() throws {
        let before = try written([first])
        var isDone = false
        var number = 1
        while !isDone {
            let disk = before.afterKill()
            var store = try open(disk)
            disk.cutPower(at: number)
            isDone = (try? store.write(record(epoch: 5))) != nil
            for state in disk.crashStates(limit: 200) {
                let found = try open(state).record
                #expect(found == record(epoch: 5) || (!isDone && found == first))
            }
            number += 1
        }
        #expect(number > 10)
    }

    @Test("Whatever operation fails, the store refuses further writes and nothing is lost")
    func failures() throws {
        let before = try written([first])
        for number in 1...12 {
            let disk = before.afterKill()
            var store = try open(disk)
            disk.failOperation(number, with: number % 2 == 0 ? EIO : ENOSPC)
            #expect(throws: MetaError.self) { try store.write(record(epoch: 5)) }
            #expect(throws: MetaError.self) { try store.write(record(epoch: 6)) }
            #expect(store.record == first)
            for state in disk.crashStates(limit: 100) + [disk.afterKill()] {
                let found = try open(state).record
                #expect(found == first || found == record(epoch: 5))
            }
        }
    }
}
