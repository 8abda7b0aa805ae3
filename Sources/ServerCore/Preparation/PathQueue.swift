import ZKWire

/// Paths, first in, first out: their bytes lie in one piece of memory, so that a path costs no
/// allocation.
package struct PathQueue {
    /// A path's bytes, counted from the first ones that ever were in the queue.
    package struct Place {
        fileprivate let start: Int
        fileprivate let count: Int
    }

    private let bytes = ByteWriter(capacity: 4096)
    /// The place of the first byte in `bytes`.
    private var origin = 0
    /// Bytes at the front that belong to no path any more.
    private var dropped = 0

    /// Fewer bytes than this are not worth moving the rest for.
    private static let smallestMove = 64 * 1024

    package init() {}

    /// Valid until the next change.
    @inline(__always)
    package subscript(place: Place) -> ByteView {
        let start = place.start - origin
        return bytes.view[view: start..<(start + place.count)]
    }

    package mutating func append(_ path: ByteView) -> Place {
        let place = Place(start: origin + bytes.count, count: path.count)
        bytes.writeRaw(path)
        return place
    }

    package mutating func removeFirst(_ place: Place) {
        dropped = place.start + place.count - origin
        if dropped == bytes.count {
            origin += dropped
            bytes.removeAll()
            bytes.shrink(to: PathQueue.smallestMove)
        } else if dropped >= PathQueue.smallestMove, dropped * 2 > bytes.count {
            origin += dropped
            bytes.removeFirst(dropped)
        } else {
            return
        }
        dropped = 0
    }

    package mutating func removeLast(_ place: Place) { bytes.truncate(to: place.start - origin) }
}
