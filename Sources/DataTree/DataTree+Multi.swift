import ZKWire

// A multi: all parts under one zxid, or none.
extension DataTree {
    /// Applies the parts in order, unless one of them is an error: then none applies, and what is
    /// reported for each is Apache's: success for the parts before the first error, the error's
    /// own code, and "runtime inconsistency" for the parts after it.
    func applyMulti<O: TreeObserver>(
        _ multi: MultiTxn, _ context: TxnContext, type: Int32, _ observer: inout O
    ) {
        switch DataTree.verdict(on: multi) {
        case .malformed: report(type, error: ErrorCode.marshallingError.rawValue, &observer)
        case .failed: reportFailed(multi, &observer)
        case .applicable:
            forEachPart(of: multi) { partType, record in
                var reader = JuteReader(record)
                guard let txn = try? reader.readTxn(type: partType) else { return }
                applyPart(txn, type: partType, context, &observer)
                if defects.contains(.zookeeper3127) { countEarly(context.zxid) }
            }
        }
    }

    private enum MultiVerdict {
        /// Something does not parse or has no place in a multi. Every server sees the same bytes,
        /// so that leaving all of it out keeps them the same.
        case malformed
        case failed
        case applicable
    }

    private static func verdict(on multi: MultiTxn) -> MultiVerdict {
        var isFailed = false
        do throws(DecodeError) {
            try multi.forEach { (type, record) throws(DecodeError) in
                guard isPart(type) else {
                    throw DecodeError(.badValue("operation \(type) in a multi"), offset: 0)
                }
                if type == OpCode.error.rawValue { isFailed = true }
                var reader = JuteReader(record)
                _ = try reader.readTxn(type: type)
            }
        } catch {
            return .malformed
        }
        return isFailed ? .failed : .applicable
    }

    private static func isPart(_ type: Int32) -> Bool {
        switch OpCode(rawValue: type) {
        case .create, .create2, .createTTL, .createContainer, .delete, .deleteContainer, .setData,
            .check, .error:
            true
        default: false
        }
    }

    private func reportFailed<O: TreeObserver>(_ multi: MultiTxn, _ observer: inout O) {
        var isPastError = false
        forEachPart(of: multi) { partType, record in
            var code = isPastError ? ErrorCode.runtimeInconsistency.rawValue : 0
            if partType == OpCode.error.rawValue {
                var reader = JuteReader(record)
                code = (try? reader.readInt32()) ?? code
                isPastError = true
            }
            report(OpCode.error.rawValue, error: code, &observer)
        }
    }

    /// The parts of a multi that has its verdict, so that nothing is left to fail.
    private func forEachPart(of multi: MultiTxn, _ body: (Int32, ByteView) -> Void) {
        try? multi.forEach { (type, record) throws(DecodeError) in body(type, record) }
    }
}
