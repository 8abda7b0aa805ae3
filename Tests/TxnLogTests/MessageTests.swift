import Storage
import Testing
import TxnLog
import ZKWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What an operator reads: what, where, what to do.
@Suite struct MessageTests {
    private func message(_ reason: LogFault.Reason, zxid: Zxid? = nil) -> String {
        TxnLogError.corrupt(
            LogFault(
                file: "0000000300000001.log", offset: 1_048_640,
                lastGoodZxid: Zxid(rawValue: 0x3_0000_0029), zxid: zxid, reason: reason)
        ).description
    }

    private let advice = """
        The record may have been acknowledged, so this server does not start until it is repaired: \
        docs/operating/recovering.md#corrupt-log
        """

    @Test("A damaged record's message has file, offset, zxid and both checksums")
    func checksum() {
        #expect(
            message(
                .bodyChecksum(stored: 0x5f3a_01c2, computed: 0x11c0_ffee),
                zxid: Zxid(rawValue: 0x3_0000_002a)) == """
                    TxnLog: checksum mismatch in 0000000300000001.log at offset 1048640 (zxid \
                    0x30000002a): stored 0x5f3a01c2, computed 0x11c0ffee. \(advice)
                    """)
        #expect(
            message(.recordHeader(stored: 1, computed: 2)) == """
                TxnLog: checksum mismatch in 0000000300000001.log at offset 1048640 (after zxid \
                0x300000029): stored 0x00000001, computed 0x00000002. \(advice)
                """)
    }

    @Test(
        "Every other fault says what it is",
        arguments: [
            (LogFault.Reason.cutShort, "record cut short in", ""),
            (
                .recordLength(9, limit: 8), "record length out of range in",
                ": 9 bytes stated, 8 possible"
            ),
            (.compressedBody("badBlock"), "undecodable compressed record in", ": badBlock"),
            (
                .unreadable(DiskError("read", "log/x", code: EIO)), "unreadable bytes in",
                ": read log/x: Input/output error (errno 5)"
            ),
            (
                .lostTail(durable: Zxid(rawValue: 0x3_0000_0030)), "missing end of the log in",
                ": synced up to zxid 0x300000030"
            ),
            (
                .missingRecords(
                    after: Zxid(rawValue: 0x3_0000_0029), next: Zxid(rawValue: 0x3_0000_0099)),
                "missing records in",
                ": the history jumps from zxid 0x300000029 to what follows zxid 0x300000099"
            ),
            (.overlap(with: "b.log"), "records that another segment has too in", ": b.log"),
            (
                .misnamed(firstZxid: Zxid(rawValue: 5)), "misnamed segment in",
                ": its header says that it begins with zxid 0x5"
            ),
            (
                .foreignEnsemble(found: 16, expected: 17), "segment of another ensemble in",
                ": ensemble 0x10, not 0x11"
            ),
            (
                .futureGeneration(found: 2, expected: 1), "segment of a later snapshot install in",
                ": generation 2, and meta knows 1"
            ),
            (
                .segmentHeader(.tooShort(sizeBytes: 12)), "unusable segment header in",
                ": the file has 12 bytes"
            ),
            (
                .brokenChain(
                    expected: ChainPoint(zxid: Zxid(rawValue: 1), checksum: 2),
                    found: ChainPoint(zxid: Zxid(rawValue: 3), checksum: 4)),
                "record that does not continue its predecessor in",
                ": it names zxid 0x3 (checksum 0x00000004) as its predecessor, which is zxid 0x1"
                    + " (checksum 0x00000002)"
            ),
        ])
    func others(reason: LogFault.Reason, what: String, detail: String) {
        #expect(
            message(reason) == """
                TxnLog: \(what) 0000000300000001.log at offset 1048640 (after zxid \
                0x300000029)\(detail). \(advice)
                """)
    }

    @Test(
        "Errors of the environment say what to do",
        arguments: [
            (
                TxnLogError.locked(path: "/data/log"),
                """
                TxnLog: /data/log is held by another process. Stop it before starting a second \
                server on the same directory
                """
            ),
            (
                .disk(DiskError("sync", "log/1.log", code: EIO)),
                """
                TxnLog: sync log/1.log: Input/output error (errno 5). Nothing after the last \
                acknowledged transaction was promised; check the disk and start again: \
                docs/operating/recovering.md#disk-error
                """
            ),
            (
                .poisoned(DiskError("write", "log/1.log", code: ENOSPC)),
                """
                TxnLog: closed since an earlier failure: write log/1.log: No space left on device \
                (errno 28). Start again: docs/operating/recovering.md#disk-full
                """
            ),
            (
                .disk(DiskError("write", "log/1.log", code: ENOSPC)),
                """
                TxnLog: write log/1.log: No space left on device (errno 28). Nothing after the \
                last acknowledged transaction was promised; free space on this disk and start \
                again: docs/operating/recovering.md#disk-full
                """
            ),
            (
                .newerVersion(file: "1.log", version: 7),
                """
                TxnLog: 1.log has format version 7, and this program reads 1. Run the version that \
                wrote it: docs/operating/recovering.md#newer-version
                """
            ),
            (
                .startsLater(wanted: Zxid(rawValue: 3), first: Zxid(rawValue: 4)),
                """
                TxnLog: the transactions after zxid 0x3 are needed, and the log begins after zxid \
                0x4. The segments between are missing, so this server does not start until it is \
                repaired: docs/operating/recovering.md#corrupt-log
                """
            ),
        ])
    func environment(error: TxnLogError, text: String) {
        #expect(error.description == text)
    }
}
