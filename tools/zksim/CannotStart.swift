struct CannotStart: Error, CustomStringConvertible {
    let description = "no process can be started to run the seeds"
}
