import Simulation
let args = CommandLine.arguments
let first = UInt64(args.count > 1 ? args[1] : "1") ?? 1
let count = UInt64(args.count > 2 ? args[2] : "1") ?? 1
let traces = args.count > 3
var sums: [String: Int] = [:]
for seed in first..<(first + count) {
    if count < 20 { print("seed \(seed)") }
    let world = World(.of(seed: seed), trace: traces ? { print($0) } : nil)
    let ok = world.run()
    if !ok || count < 20 { print("seed \(seed)", ok ? "ok" : "FAILED \(world.failure ?? "")", String(world.eventHash, radix: 16)) }
    for (name, value) in world.figures.all { sums[name, default: 0] += value }
}
print(sums.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
