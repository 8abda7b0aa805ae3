import ArgumentParser
import ZKNode

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")

    func run() {
        print("zknode \(ServerVersion.own), protocol of ZooKeeper \(ServerVersion.protocolRelease)")
    }
}
