import DataTree
import Testing
import ZKWire

/// The digest that is kept against the digest computed anew, and what it notices.
@Suite("Digest of the tree")
struct DigestTests {
    @Test("CRC-32 of every length up to several steps is zlib's")
    func checksum() {
        let checksum = NodeChecksum()
        func bitwise(_ bytes: [UInt8]) -> UInt32 {
            var state: UInt32 = 0xFFFF_FFFF
            for byte in bytes {
                state ^= UInt32(byte)
                for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 0 ? 0 : 0xEDB8_8320) }
            }
            return ~state
        }
        var random = SplitMix(seed: 1)
        for length in 0...400 {
            let bytes = (0..<length).map { _ in UInt8(random.below(256)) }
            let state = bytes.withByteView { checksum.update(NodeChecksum.start, $0) }
            #expect(checksum.value(state) == bitwise(bytes))
        }
        let check = Array("123456789".utf8).withByteView {
            checksum.update(NodeChecksum.start, $0)
        }
        #expect(checksum.value(check) == 0xCBF4_3926)
    }

    @Test("kept up through any transactions, it is the digest computed anew", arguments: 0..<20)
    func incremental(seed: UInt64) {
        var workload = Workload(seed: seed)
        workload.tree.keepDigest()
        for _ in 0..<400 {
            workload.step()
            #expect(workload.tree.digestValue == workload.tree.computeDigest())
        }
        workload.tree.checkInvariants()
    }

    @Test("begun at any moment, it is the one that was kept from the beginning")
    func begunLater() {
        var workload = Workload(seed: 9)
        workload.tree.keepDigest()
        let other = DataTree(seed: 5)
        for _ in 0..<300 { workload.step() }
        for (index, record) in workload.history.records.enumerated() {
            if index == 150 { other.keepDigest() }
            other.apply(record)
        }
        #expect(other.digestValue == workload.tree.digestValue)
    }

    @Test("a loaded tree has the digest of the one that was written")
    func loaded() throws {
        var workload = Workload(seed: 4)
        workload.tree.keepDigest()
        for _ in 0..<500 { workload.step() }
        let loaded = try loadSnapshot(
            workload.tree.snapshot(), zxid: workload.tree.lastProcessedZxid, keepsDigest: true)
        #expect(loaded.digestValue == workload.tree.digestValue)
        loaded.checkInvariants()
    }

    @Test("any field of a stat and any byte of path and data changes it")
    func sensitivity() {
        let node = NodeDigest()
        let stat = StatPersisted(
            czxid: Zxid(rawValue: 1), mzxid: Zxid(rawValue: 2), ctime: 3, mtime: 4, version: 5,
            cversion: 6, aversion: 7, ephemeralOwner: 8, pzxid: Zxid(rawValue: 9))
        func digest(_ path: String, _ data: [UInt8], _ stat: StatPersisted) -> UInt32 {
            path.withByteView { path in
                data.withByteView { data in
                    node.value(content: node.content(path: path, data: data), stat)
                }
            }
        }
        let original = digest("/a", [1], stat)
        var others = (0..<9).map { _ in stat }
        others[0].czxid = .zero
        others[1].mzxid = .zero
        others[2].pzxid = .zero
        others[3].ctime = 0
        others[4].mtime = 0
        others[5].version = 0
        others[6].cversion = 0
        others[7].aversion = 0
        others[8].ephemeralOwner = 0
        for other in others { #expect(digest("/a", [1], other) != original) }
        #expect(digest("/b", [1], stat) != original)
        #expect(digest("/a", [2], stat) != original)
        #expect(digest("", [1], stat) == digest("/", [1], stat))
    }

    @Test("what lies below /zookeeper does not count, /zookeeper does")
    func excluded() {
        let covered = ["", "/", "/a", "/zookeeper", "/zookeeper2", "/zookeepes/a", "/zo"]
        let others = ["/zookeeper/a", "/zookeeper/quota/a"]
        for path in covered { #expect(path.withByteView { NodeDigest.covers($0) }) }
        for path in others { #expect(!path.withByteView { NodeDigest.covers($0) }) }
    }

    @Test("a digest behind a closeSession without paths is no list of paths")
    func closeSessionWithoutPaths() throws {
        let digest = TxnDigest(version: NodeDigest.version, treeDigest: 0x11_2233_4455)
        for paths in [nil, [], ["/abc"], ["/a", "/b"]] as [[String]?] {
            let writer = ByteWriter()
            writer.writeCloseSession(paths)
            writer.writeTxnDigest(digest)
            var reader = JuteReader(writer.view)
            let type = OpCode.closeSession.rawValue
            guard case .closeSession(let list) = try reader.readTxn(type: type) else {
                Issue.record("another transaction")
                return
            }
            #expect(list?.count == paths?.count)
            #expect(try reader.readTxnDigest() == digest)
            var bare = JuteReader(writer.view[view: 0..<(writer.count - 12)])
            guard case .closeSession(let same) = try bare.readTxn(type: type) else { return }
            #expect(same?.count == paths?.count)
        }
    }
}
