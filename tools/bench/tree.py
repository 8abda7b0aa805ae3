"""Parts `tree` and `snapshots`: what a million znodes cost in memory, on the disk, at a start and
while snapshots are taken of them."""

from throughput import PIPELINED
from zkbench import say

SMALL = ["--value-bytes", "100"]


def measure(server, bench, arguments):
    """Of an ensemble each figure is that of the member that has the most."""
    server.start()
    loaded = bench(server, "load", "--count", arguments.znodes, *SMALL)
    members = server.members
    results = {
        "load per second": loaded["repliesPerSecond"],
        "RSS after load": max(it.resident_bytes() for it in members),
        "live heap": max((it.live_heap_bytes() or 0 for it in members)) or None,
    }
    server.stop()
    results["disk"] = max(it.data_bytes() for it in members)
    results["start seconds"] = server.start(fresh=False)
    results["RSS after restart"] = max(it.resident_bytes() for it in members)
    results["one start seconds"] = server.restart_one()
    say(server, f"{arguments.znodes:,} znodes: {results}")
    return results


def snapshots(server, bench, arguments):
    """Sets while snapshots are taken of many znodes: as fast as they go, then at a fixed rate."""
    server.start(settings={"snapCount": arguments.snap_count})
    bench(server, "load", "--count", arguments.znodes, *SMALL)
    timing = ["--warmup", "5s", "--duration", f"{arguments.snapshot_seconds}s"]
    paced = ["--rate", arguments.rate, "--connections", "48"]
    results = {}
    for key, options in [("full", PIPELINED), ("paced", paced)]:
        before = server.snapshots()
        run = bench(server, "run", "--op", "set", "--timeline", "100ms", *options, *timing)
        taken = len(server.snapshots() - before)
        if taken == 0:
            raise SystemExit(
                f"{server.name}: no snapshot in {arguments.snapshot_seconds} s; "
                "raise --snapshot-seconds or lower --snap-count")
        timeline = run["timeline"]
        results[key] = {
            "snapshots": taken,
            "rate": run["repliesPerSecond"],
            "worst window": timeline["worstWindowReplies"],
            "median window": timeline["medianWindowReplies"],
            "longest silence": timeline["longestSilenceMilliseconds"],
            "p99": run["latencyMilliseconds"]["p99"],
            "max": run["latencyMilliseconds"]["max"],
        }
        say(server, f"{taken} snapshots, {key}: {results[key]}")
    return results
