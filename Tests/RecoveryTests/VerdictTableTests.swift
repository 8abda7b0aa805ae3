import Recovery
import Storage
import Testing
import TxnLog
import ZKWire

struct VerdictTableTests {
    @Test("Every kind of directory has exactly one verdict")
    func startTable() {
        for hasMeta in [false, true] {
            for own in OwnFiles.allCases {
                for hasApache in [false, true] {
                    let rows = StartTable.rows.filter { $0.matches(hasMeta, own, hasApache) }
                    #expect(rows.count == 1, "\(hasMeta), \(own), \(hasApache)")
                }
            }
        }
    }

    @Test("Every kind of snapshot has exactly one verdict, and only a good one is used")
    func candidateTable() {
        for history in CandidateHistory.allCases {
            for log in CandidateLog.allCases {
                for content in CandidateContent.allCases {
                    let rows = CandidateTable.rows.filter { $0.matches(history, log, content) }
                    #expect(rows.count == 1, "\(history), \(log), \(content)")
                    let isGood = history == .same && log == .covers && content == .good
                    #expect((rows.first?.verdict == .use) == isGood)
                }
            }
        }
    }

    @Test("Each refusal says what, where and what to do")
    func messages() {
        let document = "docs/operating/recovering.md#"
        let zxid = Zxid(rawValue: 0x1_0000_0005)
        let skipped = [SkippedFile(name: "snapshot.5.lz4", reason: "the footer is missing")]
        let golden: [(RecoveryError, String)] = [
            (
                .disk(DiskError("open", "data/zknode", code: 13)),
                "Recovery: open data/zknode: Permission denied (errno 13). Nothing was changed; "
                    + "check the disk and start again: \(document)disk-error"
            ),
            (
                .inUse(path: "data/zknode"),
                "Recovery: data/zknode is in use by another process. Stop it, or give this server "
                    + "its own dataDir: \(document)in-use"
            ),
            (
                .wrongServer(
                    path: "data/zknode", stored: ServerID(rawValue: 2),
                    configured: ServerID(rawValue: 3)),
                "Recovery: data/zknode belongs to server 2, and this is server 3. Correct myid or "
                    + "dataDir: \(document)wrong-directory"
            ),
            (
                .missingLog(path: "logs/zknode/log"),
                "Recovery: logs/zknode/log is not there, and this server has written a log. Mount "
                    + "its disk, or correct dataLogDir: \(document)missing-segment"
            ),
            (
                .lostLogEnd(
                    snapshot: "snapshot.100000005.lz4", needed: zxid.next, last: zxid),
                "Recovery: snapshot.100000005.lz4 was made when the log reached zxid 0x100000006, "
                    + "and it ends at 0x100000005. Acknowledged transactions may be missing: put "
                    + "the newest log segments back: \(document)missing-segment"
            ),
            (
                .noUsableSnapshot(
                    path: "data/zknode/snapshot", logBeginsAfter: zxid, skipped: skipped),
                "Recovery: no snapshot in data/zknode/snapshot can be used and the log begins only "
                    + "after zxid 0x100000005. Not used: snapshot.5.lz4 (the footer is missing). "
                    + "Put a snapshot or the older log segments back: \(document)corrupt-snapshot"
            ),
            (
                .apacheLog(
                    path: "version-2/log.1", offset: 4711,
                    .checksum(stored: 0x5F3A_01C2, computed: 0x11C0_FFEE)),
                "Recovery: version-2/log.1 is damaged at byte 4711: checksum mismatch: stored "
                    + "0x5f3a01c2, computed 0x11c0ffee. Nothing was imported: "
                    + "\(document)corrupt-log"
            ),
            (
                .apacheGap(path: "version-2/log.9", after: zxid, found: zxid.next.next),
                "Recovery: after zxid 0x100000005 comes 0x100000007 in version-2/log.9: the "
                    + "transactions between are missing. Copy all of Apache's log files. Nothing "
                    + "was imported: \(document)missing-segment"
            ),
        ]
        for (error, message) in golden { #expect("\(error)" == message) }
    }
}
