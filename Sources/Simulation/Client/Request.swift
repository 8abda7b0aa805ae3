import ZKWire

/// A request that is not answered yet.
package struct Request {
    package enum Kind {
        /// - Parameters:
        ///   - path: nil where it is about several.
        ///   - guarding: the znode whose access control list decides; nil where that is not checked.
        case write(OpCode, path: String?, guarding: String?)
        case serviceWrite
        case getData(String, watches: Bool)
        case exists(String, watches: Bool)
        case getChildren(String, watches: Bool)
        case addWatch(String, ClientWatches.Modes)
        case removeWatches(String)
        case sync
        case close
    }

    let xid: Int32
    let kind: Kind
    /// What some client had been told to be done when this was sent.
    let floor: Zxid

    package init(xid: Int32, kind: Kind, floor: Zxid) {
        self.xid = xid
        self.kind = kind
        self.floor = floor
    }

    var isWrite: Bool {
        switch kind {
        case .write, .serviceWrite, .close: true
        case .getData, .exists, .getChildren, .addWatch, .removeWatches, .sync: false
        }
    }
}

package struct Reply {
    let xid: Int32
    let zxid: Zxid
    let error: ErrorCode
    let body: ByteView

    package init(xid: Int32, zxid: Zxid, error: ErrorCode, body: ByteView) {
        self.xid = xid
        self.zxid = zxid
        self.error = error
        self.body = body
    }
}
