import ArgumentParser
import Inspection

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto
    case always
    case never
}

/// What every subcommand takes.
struct OutputOptions: ParsableArguments {
    @Flag(help: "One JSON object a line.")
    var json = false

    @Option(help: "Colour: auto (on a terminal, unless NO_COLOR is set), always or never.")
    var color = ColorChoice.auto

    private var isColoured: Bool {
        switch color {
        case .always: !json
        case .never: false
        case .auto: !json && isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil
        }
    }

    /// Runs a command and ends the process with its status.
    func run(
        _ body: (Output) throws(InspectionError) -> InspectionStatus
    ) throws {
        // Whoever started us may ignore it; a reader that goes away is to end us quietly.
        signal(SIGPIPE, SIG_DFL)
        let meter = ProgressMeter()
        let output = Output(
            json ? .json : .text, isColoured: isColoured,
            progress: meter.isShown ? { meter.show($0) } : nil
        ) { view in
            meter.clear()
            StandardOutput.write(view)
        }
        let status: InspectionStatus
        do throws(InspectionError) {
            status = try body(output)
            output.flush()
            meter.clear()
        } catch {
            output.flush()
            meter.clear()
            StandardOutput.complain("zkdump: \(error)")
            status = .unusable
        }
        if status != .clean { throw ExitCode(status.rawValue) }
    }
}
