import ZKWire

extension DataTree {
    /// The znode at `path`: one hash of the path, one probe of the index, and a comparison of the
    /// names from the znode up to the root.
    @inline(__always)
    package func find(_ path: ByteView) -> NodeRef? {
        if path.count <= 1 { return DataTree.isRoot(path) ? .root : nil }
        let ref = find(path, hash: UInt32(truncatingIfNeeded: hasher.hash(path)))
        return ref.isNone ? nil : ref
    }

    @inline(__always)
    func find(_ path: ByteView, hash: UInt32) -> NodeRef {
        var ref = index.first(hash)
        while !ref.isNone {
            let entry = store.entry(ref)
            if entry.pointee.hash == hash, isAt(path, ref) { return ref }
            ref = entry.pointee.next
        }
        return .none
    }

    /// Apache knows the root as "" and as "/".
    @inline(__always)
    static func isRoot(_ path: ByteView) -> Bool {
        path.isEmpty || (path.count == 1 && path[0] == separator)
    }

    static let separator = UInt8(ascii: "/")

    /// Whether the znode's path is `path`, which is not the root's.
    @inline(__always)
    private func isAt(_ path: ByteView, _ start: NodeRef) -> Bool {
        var ref = start
        var end = path.count
        while ref != .root {
            let block = store.block(ref)
            let begin = end &- block.nameLength
            guard begin >= 1, path[begin &- 1] == DataTree.separator,
                path[view: begin..<end].isEqual(to: block.name)
            else { return false }
            end = begin &- 1
            ref = block.header.pointee.parent
        }
        return end == 0
    }

    /// A path's parent and last name.
    struct Place {
        let parent: ByteView
        let name: ByteView
    }

    /// Takes a path apart; nil for the root and for what is no path ("a", "/a/", "//a").
    @inline(__always)
    static func place(of path: ByteView) -> Place? {
        var slash = path.count &- 1
        while slash >= 0, path[slash] != separator { slash &-= 1 }
        guard slash >= 0, slash &+ 1 < path.count else { return nil }
        // "/" is the root's other name and no prefix of a path.
        if slash == 1, path[0] == separator { return nil }
        return Place(parent: path[view: 0..<slash], name: path[view: (slash &+ 1)..<path.count])
    }

    /// Puts a znode's path together.
    package func path(of ref: NodeRef, into writer: ByteWriter) {
        if ref == .root {
            writer.writeInt8(Int8(bitPattern: DataTree.separator))
        } else {
            appendPath(of: ref, length: pathLength(of: ref), into: writer)
        }
    }

    /// In bytes; 0 for the root.
    @inline(__always)
    func pathLength(of ref: NodeRef) -> Int {
        var length = 0
        var ref = ref
        while ref != .root {
            let block = store.block(ref)
            length &+= 1 &+ block.nameLength
            ref = block.header.pointee.parent
        }
        return length
    }

    /// The root's path is empty here.
    @inline(__always)
    func appendPath(of ref: NodeRef, length: Int, into writer: ByteWriter) {
        // SAFETY: `length` is the sum of the names on the way up and their separators, so that the
        // writes, from the end, stay within the bytes reserved.
        var place = writer.extend(by: length) + length
        var ref = ref
        while ref != .root {
            let block = store.block(ref)
            let name = block.name
            place -= name.count
            place.copyMemory(from: name.baseAddress.unsafelyUnwrapped, byteCount: name.count)
            place -= 1
            place.storeBytes(of: DataTree.separator, as: UInt8.self)
            ref = block.header.pointee.parent
        }
    }

    /// The znode that follows in pre-order, leaving out `ref`'s own children; none after the last.
    @inline(__always)
    func successorPastChildren(of ref: NodeRef) -> NodeRef {
        var ref = ref
        while ref != .root {
            let header = store.block(ref).header
            if !header.pointee.nextSibling.isNone { return header.pointee.nextSibling }
            ref = header.pointee.parent
        }
        return .none
    }
}
