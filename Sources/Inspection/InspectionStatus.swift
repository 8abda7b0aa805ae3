/// What `zkdump` ends with; the table for users is docs/operating/inspect.md.
package enum InspectionStatus: Int32, Comparable, Sendable {
    /// All of it was read and is whole. `diff`: no difference.
    case clean = 0
    /// The last write of a log was cut short before it was acknowledged, which a start puts right.
    case torn = 1
    /// Something that may have been acknowledged is damaged or missing.
    case damaged = 2
    /// Nothing could be said: no such file, no permission, not one of our files, a later version.
    case unusable = 3

    /// `diff`, as everywhere: there are differences.
    package static let different = InspectionStatus.torn

    package static func < (left: InspectionStatus, right: InspectionStatus) -> Bool {
        left.rawValue < right.rawValue
    }
}
