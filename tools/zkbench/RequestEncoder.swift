import ZKWire

/// Makes gets and sets, one after the other, into a connection's output.
struct RequestEncoder {
    /// One for each key, or one for all whose digits are put in place.
    private var gets: [RequestTemplate] = []
    /// A set up to its value, which all of them share.
    private var sets: [RequestTemplate] = []
    private let setTail: [UInt8]
    private let numbered: (path: NumberedPath, perDirectory: UInt64)?

    init(keys: KeySpace) {
        let paths: [String]
        switch keys.names {
        case .own(let own):
            paths = own
            numbered = nil
        case .loaded(let root, let perDirectory):
            let path = NumberedPath(root: root)
            paths = [path.sample]
            numbered = (path, perDirectory)
        }
        gets = paths.map { path in
            RequestTemplate(.getData) {
                $0.writeString(path)
                $0.writeBool(false)
            }
        }
        sets = paths.map { path in
            var template = RequestTemplate(.setData) {
                $0.writeString(path)
                $0.writeBuffer(keys.value)
                $0.writeInt32(-1)
            }
            template.removeLast(keys.value.count + 4)
            return template
        }
        setTail = keys.value + [0xff, 0xff, 0xff, 0xff]
    }

    @inline(__always)
    func appendGet(_ key: Int, to output: ByteWriter, xid: Int32) {
        append(gets, key, to: output, xid: xid)
    }

    @inline(__always)
    func appendSet(_ key: Int, to output: ByteWriter, xid: Int32) {
        append(sets, key, to: output, xid: xid)
        setTail.withUnsafeBytes { output.writeRaw($0) }
    }

    @inline(__always)
    private func append(
        _ templates: [RequestTemplate], _ key: Int, to output: ByteWriter, xid: Int32
    ) {
        guard let numbered else {
            templates[key].append(to: output, xid: xid)
            return
        }
        let number = UInt64(key)
        let place = templates[0].append(to: output, xid: xid)
        numbered.path.put(
            directory: Int(number / numbered.perDirectory), name: number,
            at: place + RequestTemplate.pathOffset)
    }
}
