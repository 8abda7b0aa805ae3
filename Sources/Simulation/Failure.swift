/// A property that did not hold.
package struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// As docs/simulation.md has it: P-01, C-04, S-02.
    package let property: String
    package let text: String
    package var description: String { "\(property): \(text)" }
}
