/// What the process tells whoever started it (docs/operating/exit-codes.md).
package enum ServerExitCode: Int32, Sendable {
    case ok = 0
    /// Something that no other code names.
    case failure = 1
    /// The configuration or the command line cannot be used.
    case badConfiguration = 2
    /// The data directory cannot be opened, is another server's, or is in use.
    case dataDirectory = 3
    /// A port for clients or for the other servers cannot be listened on.
    case cannotListen = 4
    /// The log or a snapshot is damaged in a way that may have lost what was acknowledged.
    case corruptStorage = 5
    /// A write or a sync failed, or the disk is full: nothing more was acknowledged.
    case storageFailure = 10
}

/// A start or a run that ended for a reason that an operator can act on.
package struct ServerFailure: Error, CustomStringConvertible, Sendable {
    package let code: ServerExitCode
    package let description: String

    package init(_ code: ServerExitCode, _ description: String) {
        self.code = code
        self.description = description
    }
}
