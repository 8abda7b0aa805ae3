import Simulation

/// The whole matrix of protocol-aware recovery.
enum MatrixReport {
    /// - Returns: whether every case came out as it had to.
    static func run() throws -> Bool {
        var failures = 0
        for damage in RepairMatrix.Damage.allCases {
            for segment in [0, 1] {
                let matrix = try RepairMatrix(segment: segment)
                var (repaired, refused) = (0, 0)
                for number in 0..<RepairMatrix.caseCount {
                    switch try matrix.run(number, damage) {
                    case .repaired where RepairMatrix.isRepairable(number): repaired += 1
                    case .refused where !RepairMatrix.isRepairable(number): refused += 1
                    case let result:
                        failures += 1
                        print("case \(number), \(damage), segments of \(segment): \(result)")
                    }
                }
                print(
                    "\(damage), \(segment == 0 ? "one segment" : "a segment an entry"): "
                        + "\(repaired) repaired, \(refused) refused of \(RepairMatrix.caseCount)")
            }
        }
        return failures == 0
    }
}
