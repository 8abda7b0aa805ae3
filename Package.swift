// swift-tools-version: 6.1
import PackageDescription

/// What every target of ours is compiled with: Swift 6 language mode, no warnings left standing,
/// in release inlining across modules (so that nothing needs `@inlinable`) and no run-time
/// exclusivity checks (they are on in debug, where the tests run).
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .unsafeFlags(["-warnings-as-errors"]),
    .unsafeFlags(
        ["-enforce-exclusivity=unchecked", "-cross-module-optimization"],
        .when(configuration: .release)),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
    .product(name: "Logging", package: "swift-log"),
]

// The module graph is `docs/architecture.md`; `Tests/ZKNodeTests/ModuleGraphTests` holds it.
let package = Package(
    name: "zknode",
    products: [
        .executable(name: "zknode", targets: ["zknode"]),
        .executable(name: "zkdump", targets: ["zkdump"]),
        .executable(name: "zkbench", targets: ["zkbench"]),
        .executable(name: "zksim", targets: ["zksim"]),
        .executable(name: "zkmicro", targets: ["zkmicro"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    ],
    targets: [
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CAdler32", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Werror"])]),
        .target(name: "CCRC32", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Werror"])]),
        .target(name: "ZKWire", swiftSettings: strict),
        .target(name: "Storage", dependencies: ["CCRC32", "CZlib"], swiftSettings: strict),
        .target(name: "DataTree", dependencies: ["CCRC32", "ZKWire"], swiftSettings: strict),
        .target(name: "TxnLog", dependencies: ["Storage", "ZKWire", "CLZ4"], swiftSettings: strict),
        .target(
            name: "Snapshot",
            dependencies: ["Storage", "ZKWire", "DataTree", "CAdler32", "CLZ4", "CZlib"],
            swiftSettings: strict),
        .target(
            name: "Recovery", dependencies: ["Storage", "ZKWire", "DataTree", "TxnLog", "Snapshot"],
            swiftSettings: strict),
        .target(
            name: "Zab",
            dependencies: ["ZKWire", .product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: strict),
        .target(
            name: "ServerCore",
            dependencies: [
                "ZKWire", "DataTree", "Zab", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(
            name: "Resync",
            dependencies: [
                "Storage", "ZKWire", "DataTree", "TxnLog", "Snapshot", "Recovery", "Zab",
            ],
            swiftSettings: strict),
        .target(
            name: "Repair",
            dependencies: [
                "ZKWire", "Storage", "DataTree", "TxnLog", "Snapshot", "Recovery", "Zab",
            ],
            swiftSettings: strict),
        .target(
            name: "Simulation",
            dependencies: [
                "ZKWire", "Storage", "DataTree", "TxnLog", "Snapshot", "Recovery", "Resync",
                "Repair", "Zab", "ServerCore", .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(name: "ServerConfiguration", swiftSettings: strict),
        .target(
            name: "Inspection",
            dependencies: ["ZKWire", "Storage", "DataTree", "TxnLog", "Snapshot", "Recovery"],
            swiftSettings: strict),
        .target(
            name: "Maintenance",
            dependencies: ["ZKWire", "Storage", "DataTree", "TxnLog", "Snapshot", "Recovery"],
            swiftSettings: strict),
        .target(
            name: "ZKNode",
            dependencies: [
                "ZKWire", "Storage", "DataTree", "TxnLog", "Snapshot", "Recovery", "Resync", "Repair",
                "Zab", "ServerCore", "ServerConfiguration",
            ] + nio,
            swiftSettings: strict),
        .executableTarget(
            name: "zknode",
            dependencies: [
                "ZKNode", "Maintenance", "Recovery", "ServerConfiguration", "Storage", "ZKWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ] + nio,
            path: "tools/zknode", swiftSettings: strict),
        .executableTarget(
            name: "zkdump",
            dependencies: [
                "Inspection", "Maintenance", "Recovery", "Storage", "ZKWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "tools/zkdump", swiftSettings: strict),
        .executableTarget(
            name: "zkbench",
            dependencies: [
                "ZKWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "tools/zkbench", swiftSettings: strict),
        .executableTarget(
            name: "zksim",
            dependencies: [
                "Simulation", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "tools/zksim", swiftSettings: strict),
        .target(name: "Counters", path: "tools/counters"),
        .executableTarget(
            name: "zkmicro",
            dependencies: [
                "Counters", "ZKWire", "Storage", "DataTree", "TxnLog", "Snapshot", "Recovery",
                "Zab", "ServerCore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "tools/zkmicro", exclude: ["thresholds.txt"], swiftSettings: strict,
            // Valgrind does not understand the compiler's debugging information and gives up.
            linkerSettings: [
                .unsafeFlags(["-Xlinker", "--strip-debug"], .when(configuration: .release))
            ]),
        .testTarget(name: "ZKBenchTests", dependencies: ["zkbench"], swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Simulation", "ServerCore", "DataTree", "TxnLog", "Zab", "ZKWire"],
            swiftSettings: strict),
        .testTarget(
            name: "ZKWireTests", dependencies: ["ZKWire"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(name: "StorageTests", dependencies: ["Storage"], swiftSettings: strict),
        .testTarget(
            name: "TxnLogTests", dependencies: ["TxnLog", "Storage", "ZKWire"],
            swiftSettings: strict),
        .testTarget(
            name: "DataTreeTests", dependencies: ["DataTree", "ZKWire"], swiftSettings: strict),
        .testTarget(
            name: "SnapshotTests", dependencies: ["Snapshot", "Storage", "DataTree", "ZKWire"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "RecoveryTests",
            dependencies: ["Recovery", "TxnLog", "Snapshot", "Storage", "DataTree", "ZKWire"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(name: "ZabTests", dependencies: ["Zab", "ZKWire"], swiftSettings: strict),
        .testTarget(
            name: "ResyncTests",
            dependencies: [
                "Resync", "Recovery", "TxnLog", "Snapshot", "Storage", "DataTree", "ZKWire", "Zab",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RepairTests",
            dependencies: [
                "Repair", "Simulation", "Recovery", "TxnLog", "Snapshot", "Storage", "DataTree",
                "ZKWire", "Zab",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ServerCoreTests", dependencies: ["ServerCore", "Zab", "DataTree", "ZKWire"],
            swiftSettings: strict),
        .testTarget(
            name: "ServerConfigurationTests", dependencies: ["ServerConfiguration"],
            swiftSettings: strict),
        .testTarget(
            name: "InspectionTests",
            dependencies: [
                "Inspection", "Recovery", "TxnLog", "Snapshot", "Storage", "DataTree", "ZKWire",
            ],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "MaintenanceTests",
            dependencies: [
                "Maintenance", "Recovery", "TxnLog", "Snapshot", "Storage", "DataTree", "ZKWire",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ZKNodeTests",
            dependencies: [
                "ZKNode", "ServerCore", "ServerConfiguration", "Zab", "ZKWire", "DataTree", "Recovery",
                "Snapshot", "Storage",
            ] + nio,
            swiftSettings: strict),
    ]
)
