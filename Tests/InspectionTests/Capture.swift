import Inspection
import Storage
import ZKWire

/// A command's status and output.
struct Capture: Equatable {
    var status: InspectionStatus?
    var text = ""
    /// Where nothing could be said.
    var error: InspectionError?

    init(
        _ format: Output.Format = .text, isColoured: Bool = false,
        _ body: (Output) throws(InspectionError) -> InspectionStatus
    ) {
        let collected = ByteWriter()
        let output = Output(format, isColoured: isColoured) { collected.writeRaw($0) }
        do throws(InspectionError) {
            status = try body(output)
        } catch {
            self.error = error
        }
        output.flush()
        text = collected.view.text
    }

    var lines: [Substring] { text.split(separator: "\n") }
}

/// The commands, in short.
struct Tool<D: Disk> {
    let disk: D

    init(_ disk: D) { self.disk = disk }

    func log(
        _ path: String, _ format: Output.Format = .text, logs: String? = nil,
        filter: LogFilter = LogFilter()
    ) -> Capture {
        Capture(format) { (output) throws(InspectionError) in
            try LogCommand(disk, path: path, logDirectory: logs, filter: filter).run(output)
        }
    }

    func snapshot(
        _ path: String, _ format: Output.Format = .text, nodes: Bool = false,
        filter: NodeFilter = NodeFilter()
    ) -> Capture {
        Capture(format) { (output) throws(InspectionError) in
            try SnapshotCommand(disk, path: path, listsNodes: nodes, filter: filter).run(output)
        }
    }

    func tree(
        _ path: String, _ format: Output.Format = .text, logs: String? = nil, nodes: Bool = false,
        filter: NodeFilter = NodeFilter()
    ) -> Capture {
        Capture(format) { (output) throws(InspectionError) in
            try TreeCommand(
                disk, path: path, logDirectory: logs, listsNodes: nodes, filter: filter
            ).run(output)
        }
    }

    func verify(
        _ path: String, _ format: Output.Format = .text, logs: String? = nil
    ) -> Capture {
        Capture(format) { (output) throws(InspectionError) in
            try VerifyCommand(disk, path: path, logDirectory: logs).run(output)
        }
    }

    func diff(
        _ before: String, _ after: String, _ format: Output.Format = .text, logs: String? = nil,
        prefix: String? = nil
    ) -> Capture {
        Capture(format) { (output) throws(InspectionError) in
            try DiffCommand(
                disk, from: .init(before), to: .init(after, logDirectory: logs),
                pathPrefix: prefix
            ).run(output)
        }
    }

    func usage(
        _ path: String, depth: Int, _ format: Output.Format = .text, logs: String? = nil,
        prefix: String? = nil
    ) -> Capture {
        Capture(format) { (output) throws(InspectionError) in
            try UsageCommand(
                disk, path: path, logDirectory: logs, depth: depth, pathPrefix: prefix
            ).run(output)
        }
    }
}
