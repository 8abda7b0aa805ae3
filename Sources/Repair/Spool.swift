import Storage
import ZKWire

/// Transactions that others sent, until the log is put together: in a file, since a whole segment
/// may be missing. It need not survive anything: a start that is cut short asks again.
final class Spool<D: Disk> {
    private struct Place {
        let offset: Int64
        let length: Int
    }

    private let disk: D
    private let path: String
    private var file: D.File?
    private var places: [Zxid: Place] = [:]
    private var end: Int64 = 0

    init(_ disk: D, _ path: String) {
        self.disk = disk
        self.path = path
    }

    func keep(_ txns: [NamedTxn]) throws(DiskError) {
        let file = try open()
        for txn in txns where places[txn.zxid] == nil {
            try file.write(txn.payload, at: end)
            places[txn.zxid] = Place(offset: end, length: txn.payload.count)
            end += Int64(txn.payload.count)
        }
    }

    func payload(of zxid: Zxid) throws(DiskError) -> [UInt8] {
        guard let place = places[zxid], let file else {
            preconditionFailure("\(zxid) is put together and was not kept")
        }
        return try file.readExactly(place.length, at: place.offset)
    }

    func remove() throws(DiskError) {
        file?.close()
        file = nil
        places = [:]
        if disk.exists(path) { try disk.remove(path) }
    }

    private func open() throws(DiskError) -> D.File {
        if let file { return file }
        let created = try disk.create(path)
        try created.truncate(to: 0)
        file = created
        return created
    }
}
