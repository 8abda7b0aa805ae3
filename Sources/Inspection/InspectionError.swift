import Storage
import TxnLog

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why there is nothing to be said about a file or directory.
package enum InspectionError: Error, Equatable, Sendable {
    case disk(DiskError)
    case empty(path: String, expected: String)
    case foreign(path: String, found: String, expected: String)
    case newerVersion(path: String, offset: Int64, version: UInt32, known: UInt32)
    case wrongDirectory(
        path: String, expected: String, advice: String = "Give the directory that dataDir names")
}

extension InspectionError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .disk(let error) where error.code == ENOENT:
            "\(error.path): no such file or directory. Check the path"
        case .disk(let error) where error.code == EACCES || error.code == EPERM:
            "\(error.path): permission denied. Run as the user that the server runs as"
        case .disk(let error): "\(error)"
        case .empty(let path, let expected):
            "\(path) is empty (0 bytes), and \(expected) was expected. Take it from a backup or"
                + " from another member"
        case .foreign(let path, let found, let expected):
            "\(path): at offset 0 there is \(found), and \(expected) was expected. Check the"
                + " path; if it is right, the file has been overwritten: take it from a backup"
        case .newerVersion(let path, let offset, let version, let known):
            "\(path): format version \(version) at offset \(offset), and this program reads"
                + " \(known). Use the zkdump of the version that wrote it"
        case .wrongDirectory(let path, let expected, let advice):
            "\(path) is not \(expected). \(advice)"
        }
    }
}

extension InspectionError {
    static func newerLog(_ path: String, _ version: UInt32) -> InspectionError {
        .newerVersion(path: path, offset: 8, version: version, known: TxnLogFormat.version)
    }
}

/// Runs disk work; its failure is why nothing can be said.
func reading<T>(_ body: () throws(DiskError) -> T) throws(InspectionError) -> T {
    do throws(DiskError) {
        return try body()
    } catch {
        throw .disk(error)
    }
}

/// As `reading`; nil for a file that has gone since its directory was read.
func ifPresent<T>(_ body: () throws(DiskError) -> T) throws(InspectionError) -> T? {
    do throws(DiskError) {
        return try body()
    } catch {
        if error.code == ENOENT { return nil }
        throw .disk(error)
    }
}
