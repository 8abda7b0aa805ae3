"""Parts `idle`, `fanout` and `slow`: what many sessions cost, and what they cost each other."""

from throughput import PIPELINED, timing, warm_up
from zkbench import announce, say


def idle(server, bench, arguments):
    """Memory and processor of sessions that only ping; those of all servers together."""
    server.start()
    pids = ",".join(str(it.process.pid) for it in server.members)
    run = bench(server, "idle", "--sessions", arguments.sessions, "--hold",
                f"{arguments.hold_seconds}s", "--pids", pids)
    grown = sum(it["residentBytesHeld"] - it["residentBytesBefore"] for it in run["processes"])
    results = {
        "bytes per session": grown / run["sessions"],
        "cores": max(it["cores"] for it in run["processes"]),
        "opened per second": run["sessions"] / run["openSeconds"],
    }
    say(server, f"{arguments.sessions:,} idle sessions: {results}")
    return results


def fanout(server, bench, arguments):
    """Milliseconds until the last client has its event; medians of the changes but the first."""
    server.start()
    run = bench(server, "fanout", "--watches", arguments.watches, "--connections",
                arguments.sessions, "--rounds", "6")
    warm = run["rounds"][1:]
    middle = {key: sorted(it[key] for it in warm)[len(warm) // 2] for key in warm[0]}
    say(server, f"{arguments.watches:,} watches: {middle}")
    return middle


def slow(server, bench, arguments):
    """90 % gets of fast clients, without and with clients beside them that read no reply: as fast as
    they go, and at a rate that leaves the server time."""
    results = {}
    for key, count in [("without", 0), ("with", arguments.slow_clients)]:
        # A server of its own for each: what slow clients leave behind is not to be there before.
        server.stop()
        server.start()
        warm_up(server, bench, arguments)
        mix = ["--op", "mix", "--read-percent", "90", "--slow-clients", count]
        full = bench(server, "run", *mix, *PIPELINED, *timing(arguments))
        paced = bench(server, "run", *mix, "--connections", "48", "--rate",
                      arguments.rate, *timing(arguments))
        for name, run in [("full", full), ("paced", paced)]:
            announce(server, f"{count} slow clients, {name}", run)
            results[f"{name} {key}"] = {
                "rate": run["repliesPerSecond"], **run["latencyMilliseconds"],
                "closed": (run.get("slowClients") or {}).get("closed", 0)}
    for name in ["full", "paced"]:
        for quantile in ["p50", "p99"]:
            results[f"{name} {quantile} ratio"] = (
                results[f"{name} with"][quantile] / results[f"{name} without"][quantile])
    return results
