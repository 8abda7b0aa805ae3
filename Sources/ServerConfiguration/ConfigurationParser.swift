// From the text of zoo.cfg, and of the two files beside it, to a validated `ServerConfiguration`.

/// The files of a configuration, read by the caller.
package struct ConfigurationText: Sendable {
    /// The path or name of the main file, for messages.
    package var file: String
    /// The content of zoo.cfg.
    package var text: String
    /// The content of `myid` in the data directory, nil if there is no such file.
    package var myID: String?
    /// The name and content of the file that `dynamicConfigFile` names.
    package var dynamic: (file: String, text: String)?

    package init(
        file: String, text: String, myID: String? = nil,
        dynamic: (file: String, text: String)? = nil
    ) {
        self.file = file
        self.text = text
        self.myID = myID
        self.dynamic = dynamic
    }
}

extension ServerConfiguration {
    /// Reads a configuration.
    /// - Returns: the configuration, and what its author should hear about it (no errors).
    /// - Throws: all errors of the files at once, with the other remarks.
    package static func parse(
        _ input: ConfigurationText
    ) throws(ConfigurationError) -> (configuration: Self, remarks: [ConfigurationRemark]) {
        var parser = ConfigurationParser(file: input.file)
        parser.apply(Property.all(in: input.text))
        if let dynamic = input.dynamic { parser.applyDynamic(dynamic.text, file: dynamic.file) }
        parser.applyMyID(input.myID)
        parser.review()
        guard !parser.remarks.contains(where: { $0.severity == .error }) else {
            throw ConfigurationError(remarks: parser.remarks)
        }
        return (parser.configuration, parser.remarks)
    }

    /// Reads a configuration through `read`, which returns the content of a file or nil if there
    /// is none: `file` itself, then those that it refers to.
    package static func load(
        _ file: String, read: (String) -> String?
    ) throws(ConfigurationError) -> (configuration: Self, remarks: [ConfigurationRemark]) {
        guard let text = read(file) else {
            throw ConfigurationError(remarks: [
                ConfigurationRemark(.error, file: file, line: nil, "cannot be read")
            ])
        }
        var input = ConfigurationText(file: file, text: text)
        let paths = ConfigurationParser.referredPaths(in: text)
        if let dataDir = paths.dataDir { input.myID = read(dataDir + "/myid") }
        if let dynamicFile = paths.dynamicFile {
            guard let dynamic = read(dynamicFile) else {
                throw ConfigurationError(remarks: [
                    ConfigurationRemark(
                        .error, file: file, line: nil,
                        "dynamicConfigFile: \(dynamicFile) cannot be read")
                ])
            }
            input.dynamic = (dynamicFile, dynamic)
        }
        return try parse(input)
    }
}

/// A configuration in the making, with the lines its values came from.
struct ConfigurationParser {
    let file: String
    private(set) var configuration = ServerConfiguration()
    private(set) var remarks: [ConfigurationRemark] = []
    /// By the name of the row, or by the whole key for a member of a family.
    private var places: [String: Place] = [:]

    private struct Place: CustomStringConvertible {
        let file: String
        let line: Int

        var description: String { "\(file), line \(line)" }
    }

    init(file: String) { self.file = file }

    /// The paths in `text` of the files that belong to it.
    static func referredPaths(in text: String) -> (dataDir: String?, dynamicFile: String?) {
        var parser = ConfigurationParser(file: "")
        parser.apply(Property.all(in: text))
        let dataDir = parser.isGiven("dataDir") ? parser.configuration.storage.dataDir : nil
        return (dataDir, parser.configuration.ensemble.dynamicConfigFile)
    }

    func isGiven(_ name: String) -> Bool { places[name] != nil }

    mutating func change(_ body: (inout ServerConfiguration) -> Void) { body(&configuration) }

    /// Adds a remark to the line of the key `name`, or to the file if the key is not in it.
    mutating func remark(_ severity: ConfigurationRemark.Severity, on name: String, _ text: String)
    {
        let place = places[name]
        remarks.append(
            ConfigurationRemark(
                severity, file: place?.file ?? file, line: place?.line, "\(name): \(text)"))
    }
}

extension ConfigurationParser {
    mutating func apply(_ properties: [Property]) {
        for property in properties { apply(property, file: file) }
    }

    private mutating func apply(_ property: Property, file: String) {
        func remark(_ severity: ConfigurationRemark.Severity, _ text: String) {
            remarks.append(
                ConfigurationRemark(
                    severity, file: file, line: property.line, "\(property.key): \(text)"))
        }
        guard let (key, suffix) = ConfigurationKey.find(property.key) else {
            let nearest = ConfigurationKey.nearest(to: property.key)
            let hint = nearest.map { ". Did you mean \($0)?" } ?? " and is ignored"
            return remark(.warning, "the key is not known\(hint)")
        }
        let name = key.name + suffix
        if let first = places[name] {
            remark(.warning, "replaces the value of line \(first.line)")
        }
        places[name] = Place(file: file, line: property.line)
        if let (severity, text) = key.remark(on: property.value) { remark(severity, text) }
        do throws(BadValue) {
            try key.assign(suffix, property.value, &configuration)
        } catch {
            // A log is no place for a password or what stands for it.
            let value = key.isSecret ? "the value" : "\"\(property.value)\""
            remark(.error, "\(value) is not allowed; expected \(error.expected)")
        }
    }

    /// The membership file: nothing else may be in it.
    mutating func applyDynamic(_ text: String, file: String) {
        for property in Property.all(in: text) {
            let name = ConfigurationKey.find(property.key)?.key.name
            guard let name, ["server.", "group.", "weight.", "version"].contains(name) else {
                remarks.append(
                    ConfigurationRemark(
                        .error, file: file, line: property.line,
                        "\(property.key): only server.N, group.N, weight.N and version may be in "
                            + "the dynamic file; put it into \(self.file)"))
                continue
            }
            if let first = places[property.key], first.file != file {
                remarks.append(
                    ConfigurationRemark(
                        .error, file: file, line: property.line,
                        "\(property.key): is also in \(first); with "
                            + "dynamicConfigFile the membership must be in one file"))
                continue
            }
            apply(property, file: file)
        }
    }

    mutating func applyMyID(_ content: String?) {
        guard let content else { return }
        let text = trimmed(content.split(whereSeparator: \.isNewline).first ?? "")
        guard let id = Int64(text), 1...255 ~= id else {
            remarks.append(
                ConfigurationRemark(
                    .error, file: configuration.storage.dataDir + "/myid", line: 1,
                    "\"\(text)\" is not allowed; expected a number, 1 to 255"))
            return
        }
        configuration.myID = id
    }
}

extension ConfigurationKey {
    /// What to say about a key that has no place, or not all of its effect, here.
    func remark(on value: String) -> (ConfigurationRemark.Severity, String)? {
        let isOff = value.lowercased() == "false"
        switch status {
        case .applied: return nil
        case .withoutEffect(let why): return (.notice, "has no effect here: \(why)")
        case .unsupported(let what):
            return isOff ? nil : (.warning, "not supported yet (\(what)); the key is ignored")
        case .refused(let what):
            guard !isOff else { return nil }
            return (
                .error,
                "not supported yet (\(what)), and without it the server would be less protected "
                    + "than the file demands. Remove the key to start without it"
            )
        }
    }
}
