import CLZ4
import ZKWire

/// One lz4 frame being written: compressed bytes collect in `output` until the owner takes them.
struct LZ4FrameEncoder: ~Copyable {
    private let context: OpaquePointer
    private var preferences: LZ4F_preferences_t
    /// Compressed bytes not yet taken.
    let output: ByteWriter

    init() {
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockSizeID = LZ4F_max256KB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled
        self.preferences = preferences
        var created: OpaquePointer?
        let code = LZ4F_createCompressionContext(&created, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(code) == 0, let created else {
            preconditionFailure("lz4 gave no compression context: \(lz4Message(code))")
        }
        context = created
        output = ByteWriter(capacity: 2 * SnapshotFormat.blockSize)
        begin()
    }

    deinit { _ = LZ4F_freeCompressionContext(context) }

    private mutating func begin() {
        emit(atMost: SnapshotFormat.frameHeaderRoom) { place, room in
            LZ4F_compressBegin(context, place, room, &preferences)
        }
    }

    mutating func append(_ bytes: ByteView) {
        emit(atMost: LZ4F_compressBound(bytes.count, &preferences)) { place, room in
            LZ4F_compressUpdate(context, place, room, bytes.baseAddress, bytes.count, nil)
        }
    }

    /// Flushes and writes the end mark and the content checksum.
    mutating func end() {
        emit(atMost: LZ4F_compressBound(0, &preferences)) { place, room in
            LZ4F_compressEnd(context, place, room, nil)
        }
    }

    /// lz4 fails only if it has too little room or is called out of order, which is our bug.
    private func emit(atMost room: Int, _ body: (UnsafeMutableRawPointer, Int) -> Int) {
        let start = output.count
        let written = body(output.extend(by: room), room)
        precondition(LZ4F_isError(written) == 0, "lz4: \(lz4Message(written))")
        output.truncate(to: start + written)
    }
}

func lz4Message(_ code: Int) -> String {
    guard let name = LZ4F_getErrorName(code) else { return "code \(code)" }
    return String(cString: name)
}
