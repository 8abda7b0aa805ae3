import Simulation
let args = CommandLine.arguments
let first = UInt64(args.count > 1 ? args[1] : "1") ?? 1
let count = UInt64(args.count > 2 ? args[2] : "1") ?? 1
let traces = args.count > 3
for seed in first..<(first + count) {
    print("seed \(seed)")
    let world = World(.of(seed: seed), trace: traces ? { print($0) } : nil)
    let ok = world.run()
    print(ok ? "ok" : "FAILED \(world.failure ?? "")", String(world.eventHash, radix: 16), world.figures.all.map { "\($0.name) \($0.value)" }.joined(separator: ", "))
}
