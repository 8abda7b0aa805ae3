import Foundation

/// A number with so many digits after its point.
func decimal(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
