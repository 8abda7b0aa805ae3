import Recovery
import Snapshot
import Storage
import ZKWire

/// Where a command's lines go: text for people or one JSON object a line for programs.
package final class Output {
    package enum Format: Sendable { case text, json }

    /// How a word is shown where colour is on.
    enum Tint: String {
        case good = "32"
        case warning = "33"
        case bad = "31"
        case strong = "1"
        case faint = "2"
    }

    package let format: Format
    private let isColoured: Bool
    private let sink: (ByteView) -> Void
    private let progressSink: ((Progress) -> Void)?
    private let buffer = ByteWriter(capacity: 80 << 10)

    /// How far something long has got.
    package enum Progress: Equatable, Sendable, CustomStringConvertible {
        case read(path: String, doneBytes: Int64, totalBytes: Int64)
        case replayed(path: String, Zxid, of: Zxid)

        package var description: String {
            switch self {
            case .read(let path, let done, let total):
                "\(path): \(total > 0 ? done * 100 / total : 100)% of \(humanSize(total))"
            case .replayed(let path, let zxid, let last):
                // Apache's logs say only at their end where it is.
                "\(path): replaying, at \(zxid)" + (last > zxid ? " of \(last)" : "")
            }
        }
    }

    /// - Parameters:
    ///   - sink: takes pieces of the output, each of some whole lines.
    ///   - progress: told now and then; nil where nobody watches.
    package init(
        _ format: Format, isColoured: Bool = false, progress: ((Progress) -> Void)? = nil,
        sink: @escaping (ByteView) -> Void
    ) {
        self.format = format
        self.isColoured = isColoured
        self.sink = sink
        progressSink = progress
    }

    var isJSON: Bool { format == .json }

    func line(_ text: String) {
        text.withByteView { buffer.writeRaw($0) }
        endLine()
    }

    /// For lines that are made of many pieces; each ends with `endLine`.
    var writer: LineWriter { LineWriter(buffer) }

    @inline(__always)
    func endLine() {
        buffer.writeInt8(Int8(bitPattern: UInt8(ascii: "\n")))
        if buffer.count >= 64 << 10 { flush() }
    }

    func line(_ value: JSONValue) { line(value.text) }

    /// To be called at the end.
    package func flush() {
        guard buffer.count > 0 else { return }
        sink(buffer.view)
        buffer.removeAll()
    }

    func tinted(_ text: String, _ tint: Tint) -> String {
        isColoured ? "\u{1B}[\(tint.rawValue)m\(text)\u{1B}[0m" : text
    }

    func progress(_ path: String, _ done: Int64, of total: Int64) {
        progressSink?(.read(path: path, doneBytes: done, totalBytes: total))
    }

    /// Of a recovery of the directory at `path`, whose snapshots are in `snapshots`.
    func progress<D: Disk>(
        _ step: RecoveryProgress, _ path: String, snapshots: String, on disk: D
    ) {
        guard let progressSink else { return }
        switch step {
        case .replay(let zxid, let last): progressSink(.replayed(path: path, zxid, of: last))
        case .snapshot(let name, let readBytes):
            let file = snapshots + "/" + name.fileName
            guard let total = try? disk.openForReading(file).sizeBytes() else { return }
            progressSink(.read(path: file, doneBytes: readBytes, totalBytes: total))
        }
    }
}
