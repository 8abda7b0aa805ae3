import ZKWire

// Adding, finding and dropping records.
extension WatchTable {
    func add(_ modes: WatchModes, _ path: ByteView, _ connection: ConnectionID) {
        let pathSlot = findPath(path) ?? addPath(path)
        let connectionSlot = connectionsByID[connection] ?? addConnection(connection)
        let key = WatchTable.pair(pathSlot, connectionSlot)
        if let watch = pairs[key] {
            setModes(watch, watches[Int(watch)].modes.union(modes))
            return
        }
        let watch = addWatch(pathSlot, connectionSlot)
        pairs[key] = watch
        setModes(watch, modes)
    }

    func find(_ path: ByteView, _ connection: ConnectionID) -> UInt32? {
        guard let pathSlot = findPath(path), let connectionSlot = connectionsByID[connection]
        else { return nil }
        return pairs[WatchTable.pair(pathSlot, connectionSlot)]
    }

    @inline(__always)
    func findPath(_ path: ByteView) -> UInt32? {
        guard var slot = pathsByHash[hasher.hash(path)] else { return nil }
        while slot != WatchTable.none {
            if bytes(slot).isEqual(to: path) { return slot }
            slot = paths[Int(slot)].next
        }
        return nil
    }

    @inline(__always)
    private static func pair(_ path: UInt32, _ connection: UInt32) -> UInt64 {
        UInt64(path) << 32 | UInt64(connection)
    }

    /// Changes what a record stands for and keeps the counts; a record without a mode goes.
    func setModes(_ watch: UInt32, _ new: WatchModes) {
        let old = watches[Int(watch)].modes
        watches[Int(watch)].modes = new
        recursiveCount += (new.contains(.recursive) ? 1 : 0) - (old.contains(.recursive) ? 1 : 0)
        let childBefore = old.isDisjoint(with: .child) ? 0 : 1
        counts.childWatches += (new.isDisjoint(with: .child) ? 0 : 1) - childBefore
        let dataBefore = old.isDisjoint(with: .data) ? 0 : 1
        let change = (new.isDisjoint(with: .data) ? 0 : 1) - dataBefore
        if change != 0 { countData(change, of: watch) }
        if new.isEmpty { drop(watch) }
    }

    private func countData(_ change: Int, of watch: UInt32) {
        let record = watches[Int(watch)]
        let path = Int(record.path)
        let connection = Int(record.connection)
        if paths[path].watches.dataCount == 0 { counts.dataPaths += 1 }
        if connections[connection].watches.dataCount == 0 { counts.dataConnections += 1 }
        paths[path].watches.dataCount += change
        connections[connection].watches.dataCount += change
        counts.dataWatches += change
        if paths[path].watches.dataCount == 0 { counts.dataPaths -= 1 }
        if connections[connection].watches.dataCount == 0 { counts.dataConnections -= 1 }
    }
}

// Slots and lists.
extension WatchTable {
    private func addPath(_ path: ByteView) -> UInt32 {
        // SAFETY: freed by `dropPath`, or with the table.
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: path.count, alignment: 1)
        bytes.copyMemory(from: path)
        let hash = hasher.hash(path)
        let slot = Path(bytes: bytes, hash: hash, next: pathsByHash[hash] ?? WatchTable.none)
        let number: UInt32
        if freePath == WatchTable.none {
            number = UInt32(paths.count)
            paths.append(slot)
        } else {
            number = freePath
            freePath = paths[Int(number)].next
            paths[Int(number)] = slot
        }
        pathsByHash[hash] = number
        return number
    }

    private func addConnection(_ id: ConnectionID) -> UInt32 {
        let slot = Connection(id: id, next: WatchTable.none)
        let number: UInt32
        if freeConnection == WatchTable.none {
            number = UInt32(connections.count)
            connections.append(slot)
        } else {
            number = freeConnection
            freeConnection = connections[Int(number)].next
            connections[Int(number)] = slot
        }
        connectionsByID[id] = number
        return number
    }

    /// A record at the end of both lists, without a mode yet.
    private func addWatch(_ path: UInt32, _ connection: UInt32) -> UInt32 {
        let record = Watch(
            path: path, connection: connection, nextOfPath: WatchTable.none,
            previousOfPath: paths[Int(path)].watches.last, nextOfConnection: WatchTable.none,
            previousOfConnection: connections[Int(connection)].watches.last, modes: [])
        let watch: UInt32
        if freeWatch == WatchTable.none {
            watch = UInt32(watches.count)
            watches.append(record)
        } else {
            watch = freeWatch
            freeWatch = watches[Int(watch)].nextOfPath
            watches[Int(watch)] = record
        }
        append(watch, to: &paths[Int(path)].watches) {
            self.watches[Int($0)].nextOfPath = watch
        }
        append(watch, to: &connections[Int(connection)].watches) {
            self.watches[Int($0)].nextOfConnection = watch
        }
        watchCount += 1
        return watch
    }

    private func append(_ watch: UInt32, to list: inout WatchList, link: (UInt32) -> Void) {
        if list.last == WatchTable.none { list.first = watch } else { link(list.last) }
        list.last = watch
        list.count += 1
    }

    private func drop(_ watch: UInt32) {
        let record = watches[Int(watch)]
        pairs[WatchTable.pair(record.path, record.connection)] = nil
        unlinkFromPath(record)
        unlinkFromConnection(record)
        if paths[Int(record.path)].watches.count == 0 { dropPath(record.path) }
        watches[Int(watch)].nextOfPath = freeWatch
        freeWatch = watch
        watchCount -= 1
    }

    private func unlinkFromPath(_ record: Watch) {
        let path = Int(record.path)
        if record.previousOfPath == WatchTable.none {
            paths[path].watches.first = record.nextOfPath
        } else {
            watches[Int(record.previousOfPath)].nextOfPath = record.nextOfPath
        }
        if record.nextOfPath == WatchTable.none {
            paths[path].watches.last = record.previousOfPath
        } else {
            watches[Int(record.nextOfPath)].previousOfPath = record.previousOfPath
        }
        paths[path].watches.count -= 1
    }

    private func unlinkFromConnection(_ record: Watch) {
        let connection = Int(record.connection)
        if record.previousOfConnection == WatchTable.none {
            connections[connection].watches.first = record.nextOfConnection
        } else {
            watches[Int(record.previousOfConnection)].nextOfConnection = record.nextOfConnection
        }
        if record.nextOfConnection == WatchTable.none {
            connections[connection].watches.last = record.previousOfConnection
        } else {
            watches[Int(record.nextOfConnection)].previousOfConnection =
                record.previousOfConnection
        }
        connections[connection].watches.count -= 1
    }

    private func dropPath(_ number: UInt32) {
        let slot = paths[Int(number)]
        if pathsByHash[slot.hash] == number {
            pathsByHash[slot.hash] = slot.next == WatchTable.none ? nil : slot.next
        } else if var before = pathsByHash[slot.hash] {
            while paths[Int(before)].next != number { before = paths[Int(before)].next }
            paths[Int(before)].next = slot.next
        }
        slot.bytes?.deallocate()
        paths[Int(number)].bytes = nil
        paths[Int(number)].next = freePath
        freePath = number
    }

    func dropConnection(_ number: UInt32) {
        connectionsByID[connections[Int(number)].id] = nil
        connections[Int(number)].isLive = false
        connections[Int(number)].next = freeConnection
        freeConnection = number
    }
}
