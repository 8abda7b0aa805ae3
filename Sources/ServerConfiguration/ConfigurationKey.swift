// One key of the configuration file as data: what it is called, what may stand there, what it is
// when it does not, and where the value goes. Parsing, the documentation and the suggestions for
// misspelt keys all read the same rows.

/// A value that its key does not allow.
package struct BadValue: Error, Equatable, Sendable {
    /// What would be allowed, to complete "expected ...".
    package let expected: String

    package init(_ expected: String) { self.expected = expected }
}

/// A row of the table of keys.
package struct ConfigurationKey: Sendable {
    /// The part of the documentation that the key is in.
    package enum Section: String, CaseIterable, Sendable {
        case clients = "Clients and sessions"
        case limits = "Limits"
        case storage = "Storage"
        case znodes = "Znodes"
        case security = "Security"
        case ensemble = "Ensemble"
        case admin = "Administration and metrics"
        case foreign = "Keys of Apache ZooKeeper without effect here"
    }

    /// What becomes of the value.
    package enum Status: Equatable, Sendable {
        case applied
        /// There is nothing for it to do here; the text says why.
        case withoutEffect(String)
        /// Apache does something with it that this server does not do yet; the text says what.
        case unsupported(String)
        /// As `unsupported`, and a server that starts without it would be less protected than the
        /// file demands: a value other than the default is an error.
        case refused(String)
    }

    /// As Apache documents it. One that ends in a dot or underscore stands for the family of all
    /// keys that begin with it.
    package let name: String
    /// Other spellings. The prefix `zookeeper.` is allowed with each key and not listed.
    package let aliases: [String]
    package let section: Section
    package let status: Status
    /// What is allowed, in words.
    package let expected: String
    /// The value without the key, in words.
    package let defaultText: String
    /// What the key does, in a sentence.
    package let meaning: String
    /// Puts a value in its place. The first argument is what follows the name of a family.
    let assign: @Sendable (String, String, inout ServerConfiguration) throws(BadValue) -> Void

    package var isFamily: Bool { name.hasSuffix(".") || name.hasSuffix("_") }
    /// Whether messages must not show the value.
    var isSecret: Bool { name.hasSuffix("superDigest") }
}

extension ConfigurationKey {
    /// A key with one value and a place for it; the default is what a new configuration has there.
    init<Value: Sendable>(
        _ name: String, _ syntax: ValueSyntax<Value>,
        _ place: WritableKeyPath<ServerConfiguration, Value> & Sendable, in section: Section,
        aliases: [String] = [], default defaultText: String? = nil, _ meaning: String
    ) {
        self.init(
            name: name, aliases: aliases, section: section, status: .applied,
            expected: syntax.expected,
            defaultText: defaultText ?? syntax.render(ServerConfiguration()[keyPath: place]),
            meaning: meaning
        ) { (_, text, configuration) throws(BadValue) in
            guard let value = syntax.parse(text) else { throw BadValue(syntax.expected) }
            configuration[keyPath: place] = value
        }
    }

    /// A key that may be absent, or have a value (one of `noneTexts`) that says so.
    /// - Parameter word: what the documentation says for the default, nil.
    init<Value: Sendable>(
        _ name: String, _ syntax: ValueSyntax<Value>, none word: String,
        writtenAs noneTexts: [String] = [],
        _ place: WritableKeyPath<ServerConfiguration, Value?> & Sendable, in section: Section,
        aliases: [String] = [], _ meaning: String
    ) {
        self.init(
            name, syntax.optional(word, writtenAs: noneTexts), place, in: section,
            aliases: aliases, meaning)
    }

    /// A family of keys.
    init(
        family name: String, expected: String, in section: Section, _ meaning: String,
        assign:
            @escaping @Sendable (Int64, String, inout ServerConfiguration) throws(BadValue) ->
            Void
    ) {
        self.init(
            name: name, aliases: [], section: section, status: .applied, expected: expected,
            defaultText: "none", meaning: meaning
        ) { (suffix, text, configuration) throws(BadValue) in
            // `server.01` would be a second spelling of `server.1`.
            guard let number = Int64(suffix), number >= 0, "\(number)" == suffix else {
                throw BadValue("a number after \"\(name)\"")
            }
            try assign(number, text, &configuration)
        }
    }

    /// Keys of Apache's that have no effect, all for one reason.
    static func withoutEffect(_ why: String, _ names: String...) -> [ConfigurationKey] {
        names.map { ConfigurationKey(inert: $0, .withoutEffect(why)) }
    }

    /// Keys of Apache's that this server does not know how to obey.
    static func unsupported(_ what: String, _ names: String...) -> [ConfigurationKey] {
        names.map { ConfigurationKey(inert: $0, .unsupported(what)) }
    }

    /// Switches of Apache's that this server does not start with if they are on.
    static func refusedIfTrue(_ what: String, _ names: String...) -> [ConfigurationKey] {
        names.map { ConfigurationKey(inert: $0, .refused(what)) }
    }

    private init(inert name: String, _ status: Status) {
        self.init(
            name: name, aliases: [], section: .foreign, status: status, expected: "any value",
            defaultText: "", meaning: ""
        ) { (_, _, _) throws(BadValue) in }
    }
}
