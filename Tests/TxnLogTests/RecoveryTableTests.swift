import Testing
import TxnLog

@Suite struct RecoveryTableTests {
    @Test("Every combination of observations matches exactly one row")
    func exhaustive() {
        for stop in ScanStop.allCases {
            for later in LaterEvidence.allCases {
                for watermark in WatermarkPosition.allCases {
                    let rows = RecoveryTable.rows.filter { $0.matches(stop, later, watermark) }
                    #expect(rows.count == 1, "\(stop), \(later), \(watermark)")
                }
            }
        }
    }

    @Test("Nothing that may have been acknowledged is ever cut")
    func cautious() {
        for stop in ScanStop.allCases {
            for later in LaterEvidence.allCases {
                #expect(RecoveryTable.verdict(stop, later, .beyond) == .corrupt)
            }
            for watermark in WatermarkPosition.allCases where stop != .badHeader {
                #expect(RecoveryTable.verdict(stop, .laterWrite, watermark) == .corrupt)
            }
        }
    }
}
