import ServerConfiguration

/// The configuration and remarks of a text, which must be accepted.
func accepted(
    _ text: String, myID: String? = nil, dynamic: String? = nil
) throws -> (configuration: ServerConfiguration, remarks: [String]) {
    let input = ConfigurationText(
        file: "zoo.cfg", text: text, myID: myID, dynamic: dynamic.map { ("zoo.cfg.dynamic", $0) })
    let (configuration, remarks) = try ServerConfiguration.parse(input)
    return (configuration, remarks.map(\.description))
}

/// All remarks of a text, which must be refused.
func refused(_ text: String, myID: String? = nil, dynamic: String? = nil) -> [String] {
    do throws(ConfigurationError) {
        let input = ConfigurationText(
            file: "zoo.cfg", text: text, myID: myID,
            dynamic: dynamic.map { ("zoo.cfg.dynamic", $0) })
        _ = try ServerConfiguration.parse(input)
        return ["accepted"]
    } catch {
        return error.remarks.map(\.description)
    }
}
