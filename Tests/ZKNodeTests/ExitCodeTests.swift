import Glibc
import Recovery
import Storage
import Testing
import TxnLog
import ZKNode
import ZKWire

/// docs/operating/exit-codes.md: systemd starts a server again by these.
@Suite struct ExitCodeTests {
    private static func disk(_ code: Int32) -> DiskError { DiskError("write", "d/x", code: code) }

    @Test(
        "a full disk is 10 wherever a start meets it, a path that cannot be used is 3",
        arguments: [
            (RecoveryError.disk(disk(ENOSPC)), ServerExitCode.storageFailure),
            (.meta(.disk(disk(ENOSPC))), .storageFailure),
            (.snapshot(.disk(disk(EDQUOT))), .storageFailure),
            (.log(.disk(disk(ENOSPC))), .storageFailure),
            (.log(.disk(disk(EIO))), .storageFailure),
            (.disk(disk(EACCES)), .dataDirectory),
            (.log(.disk(disk(EROFS))), .dataDirectory),
            (.meta(.disk(disk(EACCES))), .dataDirectory),
            (.inUse(path: "d"), .dataDirectory),
            (.wrongEnsemble(path: "d", stored: 1, configured: 2), .dataDirectory),
            (.missingLog(path: "d"), .dataDirectory),
            (.log(.newerVersion(file: "1.log", version: 2)), .dataDirectory),
            (.unresolvedACLs(count: 1), .corruptStorage),
            (.log(.noRecord(Zxid(rawValue: 1))), .corruptStorage),
        ])
    func ofAStart(error: RecoveryError, code: ServerExitCode) {
        #expect(error.exitCode == code)
    }

    @Test("2247: a log that fails while the server runs is 10, whatever the disk says")
    func ofARun() {
        for code in [ENOSPC, EIO, EROFS] {
            #expect(TxnLogError.disk(Self.disk(code)).exitCode == .storageFailure)
        }
    }
}
