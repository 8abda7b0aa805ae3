import Simulation
import Testing

@Suite("The matrix of protocol-aware recovery")
struct MatrixTests {
    @Test("2,401 of the 4,096 cases have a good copy of every entry")
    func counts() {
        let repairable = (0..<RepairMatrix.caseCount).filter(RepairMatrix.isRepairable)
        #expect(RepairMatrix.caseCount == 4096)
        #expect(repairable.count == 2401)
    }

    @Test(
        "where every entry has a good copy all servers are whole, elsewhere nothing is lost",
        arguments: RepairMatrix.Damage.allCases)
    func cases(_ damage: RepairMatrix.Damage) throws {
        let matrix = try RepairMatrix(segment: damage == .zeroes ? 2 : 0)
        // `zksim --par` runs all of them, in a release build.
        for number in stride(from: damage.rawValue, to: RepairMatrix.caseCount, by: 29) {
            let result = try matrix.run(number, damage)
            let expected: RepairMatrix.CaseResult =
                RepairMatrix.isRepairable(number) ? .repaired : .refused
            #expect(result == expected, "case \(number)")
            if result != expected { return }
        }
    }
}
