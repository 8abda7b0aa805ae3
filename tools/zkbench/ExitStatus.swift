/// The exit codes of `zkbench`, besides those of the argument parser.
enum ExitStatus {
    /// The measurement was made and requests failed.
    static let requestsFailed: Int32 = 1
    /// There was no measurement.
    static let notMeasured: Int32 = 2
}
