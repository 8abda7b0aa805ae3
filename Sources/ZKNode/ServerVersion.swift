/// The versions that clients and scripts read.
package enum ServerVersion {
    package static let own = "0.1.0"
    /// The release of Apache ZooKeeper whose protocol and outputs these are; clients parse it.
    package static let protocolRelease = "3.9.5"
    /// As `srvr`, `mntr` and `envi` print it.
    package static let text = "\(protocolRelease)-zknode-\(own), built on 2026-11-23 00:00 UTC"
}
