// What of a disk can be damaged so that it can be told from what a loss of power leaves: the log as far
// as the watermark on the medium covers it, snapshots that have their names, the copies of `meta`, and
// the watermark itself. The end of the log that only the page cache's watermark covers is left alone:
// damage there and then a loss of power look like a write that was torn (docs/formats/txnlog.md).

import Recovery
import Snapshot
import Storage
import TxnLog
import ZKWire

final class DamagePlaces {
    struct Place {
        let path: String
        let range: Range<Int>
    }

    private static let sectorBytes = 512

    private let disk: SimulatedDisk
    private(set) var log: [Place] = []
    private(set) var snapshots: [Place] = []
    private(set) var meta: [Place] = []
    private(set) var watermark: [Place] = []
    /// What was changed, for the trace.
    private(set) var touched: [String] = []

    init(_ disk: SimulatedDisk) {
        self.disk = disk
        let mark = disk.crashStates(limit: 1).first.flatMap {
            try? WatermarkInspection.read($0, logDirectory: Hardware.directory.log)?.current
        }
        for path in disk.paths { sort(path, mark) }
    }

    private func sort(_ path: String, _ mark: Watermark?) {
        let directory = Hardware.directory
        let name = String(path.split(separator: "/").last ?? "")
        let size = disk.content(of: path)?.count ?? 0
        guard size > 0 else { return }
        let whole = Place(path: path, range: 0..<size)
        switch DataDirectory.parent(of: path) {
        case directory.snapshots:
            if SnapshotName(fileName: name) != nil { snapshots.append(whole) }
        case directory.own:
            if MetaInspection.names.contains(name) { meta.append(whole) }
        case directory.log where name == LogFileNames.watermark:
            for slot in [0, 4096] where slot + 64 <= size {
                watermark.append(Place(path: path, range: slot..<(slot + 64)))
            }
        case directory.log:
            guard let mark, let first = LogFileNames.firstZxid(of: name) else { return }
            if first < mark.segmentFirstZxid { log.append(whole) }
            let end = min(mark.endOffset, size) / Self.sectorBytes * Self.sectorBytes
            if first == mark.segmentFirstZxid, end > 0 {
                log.append(Place(path: path, range: 0..<end))
            }
        default: break
        }
    }

    // MARK: Damage

    /// A few bytes, or a sector.
    func rot(_ place: Place, _ chance: inout Chance) {
        let offset = place.range.lowerBound + chance.below(place.range.count)
        let length = chance.percent(20) ? Self.sectorBytes : 1 + chance.below(32)
        let end = min(offset + length, place.range.upperBound)
        guard let content = disk.content(of: place.path) else { return }
        let bytes = content[offset..<end].map { $0 ^ UInt8(1 + chance.below(255)) }
        disk.overwrite(place.path, at: offset, with: bytes)
        touched.append("\(place.path) \(offset)..<\(end)")
    }

    /// A sector of `source` went to `target`, and left zeros.
    func misdirect(_ source: Place, to target: Place, _ chance: inout Chance) {
        let from = sector(of: source, &chance)
        let to = sector(of: target, &chance)
        guard let content = disk.content(of: source.path) else { return }
        disk.overwrite(target.path, at: to.lowerBound, with: Array(content[from].prefix(to.count)))
        if source.path != target.path || from != to {
            disk.overwrite(source.path, at: from.lowerBound, with: from.map { _ in 0 })
        }
        touched.append("\(source.path) \(from) to \(target.path) \(to)")
    }

    private func sector(of place: Place, _ chance: inout Chance) -> Range<Int> {
        let start = chance.below((place.range.count - 1) / Self.sectorBytes + 1) * Self.sectorBytes
        return start..<min(start + Self.sectorBytes, place.range.upperBound)
    }
}
