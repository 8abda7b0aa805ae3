"""Parts `failover` and `rejoin`: what clients notice of a leader that is killed, and how a server
comes back.

The leader is killed with SIGKILL under a load of sets; the figure is the longest time without an
acknowledged write, over all clients. A follower is stopped while others write, and started again;
the figures are the time until it has everything, and what the others' writes take meanwhile.
"""

import re
import signal
import threading
import time

from timeline import Timeline
from zkbench import say

# Load before a kill, and how long it may take until writes are acknowledged again.
STEADY_SECONDS = 2
OUTAGE_LIMIT_SECONDS = 60
CLIENTS, IN_FLIGHT = 12, 4


def measure(ensemble, bench, arguments):
    """Milliseconds without an acknowledged write, by size of the tree."""
    ensemble.start()
    result = {"small": failovers(ensemble, arguments)}
    if arguments.znodes:
        bench(ensemble, "load", "--count", arguments.znodes, "--value-bytes", "100")
        result["large"] = failovers(ensemble, arguments)
    return result


def failovers(ensemble, arguments):
    """One figure for each kill of a leader."""
    gaps = []
    for _ in range(arguments.kills):
        timeline = Timeline([member.port for member in ensemble.members], CLIENTS, IN_FLIGHT)
        thread = threading.Thread(target=timeline.run)
        thread.start()
        time.sleep(STEADY_SECONDS)
        leader, killed_at = ensemble.leader, time.monotonic()
        leader.stop(signal.SIGKILL)
        try:
            timeline.wait_for_acknowledgements(after=killed_at, limit_s=OUTAGE_LIMIT_SECONDS)
        finally:
            timeline.stop()
            thread.join()
        gaps.append(timeline.longest_gap(killed_at - STEADY_SECONDS / 2) * 1000)
        say(ensemble, f"leader {leader.number} killed: {gaps[-1]:.0f} ms without an acknowledged "
            f"write, {timeline.rate:,.0f} sets/s")
        leader.launch()
        ensemble.wait_until_whole()
    return gaps


def rejoin(ensemble, bench, arguments):
    """A follower that has missed many transactions comes back."""
    # No snapshot meanwhile, so that the log is still there.
    ensemble.start(settings={"snapCount": 10 * arguments.missed})
    lagging = ensemble.followers[0]
    paced = ["--op", "set", "--rate", arguments.rate, "--connections", "48",
             "--warmup", "1s", "--duration", f"{arguments.rejoin_seconds}s"]
    lagging.stop(signal.SIGKILL)
    rest = Serving(ensemble, lagging)
    bench(rest, "run", "--op", "set", "--in-flight", "16", "--connections", "48", "--value-bytes",
          "100", "--requests", arguments.missed, "--duration", "600s", "--warmup", "0s")
    before = bench(rest, "run", *paced)["latencyMilliseconds"]["p99"]
    result = {}
    goal = ensemble.leader.zxid
    told = ensemble.leader.directory / "output.log"
    already = told.stat().st_size

    def come_back():
        begun = time.monotonic()
        lagging.launch()
        while lagging.mode != "follower" or lagging.zxid < goal:
            if time.monotonic() - begun > 600:
                return
            time.sleep(0.02)
        result["seconds"] = time.monotonic() - begun

    thread = threading.Thread(target=come_back)
    thread.start()
    during = bench(rest, "run", *paced)["latencyMilliseconds"]["p99"]
    thread.join()
    if "seconds" not in result:
        raise SystemExit(f"{ensemble.name}: server {lagging.number} has not caught up in 600 s")
    # Ours says how: from the log, or by a snapshot.
    kinds = re.findall(r"from \w+ by (DIFF|TRUNC|SNAP)", told.read_text()[already:])
    result |= {"p99 before": before, "p99 during": during, "by": kinds[-1] if kinds else "unknown"}
    say(ensemble, f"came back: {result}")
    ensemble.wait_until_whole()
    return result


class Serving:
    """The members of an ensemble without one of them, for zkbench."""

    def __init__(self, ensemble, absent):
        self.name = ensemble.name
        self.address = ",".join(it.address for it in ensemble.members if it is not absent)
