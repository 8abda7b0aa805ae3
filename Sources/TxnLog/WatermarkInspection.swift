import Storage
import ZKWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The two slots of the watermark's file as they lie on the disk, for tools.
package struct WatermarkInspection: Equatable, Sendable {
    package enum Slot: Equatable, Sendable {
        /// Never written.
        case empty
        case valid(Watermark, sequence: UInt64)
        case damaged
    }

    package let slots: [Slot]

    /// nil if there is no such file.
    package static func read<D: Disk>(
        _ disk: D, logDirectory: String
    ) throws(DiskError) -> WatermarkInspection? {
        do throws(DiskError) {
            let file = try disk.openForReading(logDirectory + "/" + LogFileName.watermark)
            defer { file.close() }
            var slots: [Slot] = []
            for slot in 0..<2 { slots.append(try read(file, slot)) }
            return WatermarkInspection(slots: slots)
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }

    /// What a start would go by.
    package var current: Watermark? {
        var best: (mark: Watermark, sequence: UInt64)?
        for case .valid(let mark, let sequence) in slots where sequence >= best?.sequence ?? 0 {
            best = (mark, sequence)
        }
        return best?.mark
    }

    private static func read<File: DiskFile>(
        _ file: File, _ slot: Int
    ) throws(DiskError) -> Slot {
        typealias Layout = WatermarkFile<File>
        let bytes = try file.readBytes(Layout.slotBytes, at: Int64(slot * Layout.slotSpacing))
        if bytes.allSatisfy({ $0 == 0 }) { return .empty }
        guard bytes.count == Layout.slotBytes,
            let (mark, sequence) = bytes.withByteView({ Layout.decode($0) })
        else { return .damaged }
        return .valid(mark, sequence: sequence)
    }
}

extension Watermark {
    /// What it says of a log that stands on `base`: what was durable of a history that an install
    /// has replaced does not matter.
    package func relative(to base: LogBase) -> Watermark {
        generation < base.generation ? .atBase(base) : self
    }
}
