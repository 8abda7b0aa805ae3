// zkbench: load for any server that speaks the ZooKeeper protocol, made so that what is measured
// is the server. One thread, non-blocking sockets, requests encoded beforehand, of a reply only
// the header read; `zkbench null` is a server that does nothing, to measure the generator itself.
import ArgumentParser

@main
struct ZKBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zkbench",
        abstract: "Measures servers that speak the ZooKeeper protocol.",
        subcommands: [
            RunCommand.self, LoadCommand.self, IdleCommand.self, FanoutCommand.self,
            NullCommand.self, NullFollowerCommand.self, PlotCommand.self,
        ])
}
