import ZKWire

/// Creates of new znodes, numbered, spread over directories that exist.
struct CreateEncoder {
    private let template: RequestTemplate
    private let path: NumberedPath

    /// - Parameter root: the path of the directories.
    init(root: String, value: [UInt8]) {
        let path = NumberedPath(root: root)
        self.path = path
        template = RequestTemplate(.create) {
            $0.writeString(path.sample)
            $0.writeBuffer(value)
            Self.writeOpenACL($0)
            $0.writeInt32(0)
        }
    }

    /// Everything for everyone.
    static func writeOpenACL(_ writer: ByteWriter) {
        writer.writeInt32(1)
        writer.writeInt32(31)
        writer.writeString("world")
        writer.writeString("anyone")
    }

    @inline(__always)
    func append(directory: Int, name: UInt64, to output: ByteWriter, xid: Int32) {
        let place = template.append(to: output, xid: xid)
        path.put(directory: directory, name: name, at: place + RequestTemplate.pathOffset)
    }
}
