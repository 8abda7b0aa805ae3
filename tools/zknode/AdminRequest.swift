import ArgumentParser
import ZKNode

/// What the subcommands that ask a running server something have in common.
enum AdminRequest {
    /// Asks the server of a data directory, and ends the command if it cannot be asked or says no.
    /// - Parameter json: print the answer as it is.
    /// - Returns: the answer, one line of JSON.
    static func send(
        _ request: String, dataDir: String, timeout: Int64, json: Bool
    ) throws -> String {
        let answer: String
        do throws(AdminClient.Failure) {
            answer = try AdminClient.request(request, dataDir: dataDir, timeoutSeconds: timeout)
        } catch {
            complain("zknode \(request): \(error)")
            if case .noServer = error { throw ExitCode(3) }
            throw ExitCode(1)
        }
        if json { print(answer) }
        if let failure = AdminReply.text("error", in: answer) {
            complain("zknode \(request): \(failure)")
            throw ExitCode(1)
        }
        return answer
    }
}
