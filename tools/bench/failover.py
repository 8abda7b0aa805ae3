#!/usr/bin/env python3
"""Measures what an ensemble's clients notice of a leader that is killed, and how a server comes back.

The leader is killed with SIGKILL under a load of sets; the figure is the longest time without an
acknowledged write, over all clients. A follower is stopped while others write, and started again;
the figures are the time until it has everything, and what the others' writes take meanwhile.
"""

import argparse
import datetime
import json
import os
import pathlib
import signal
import statistics
import tempfile
import threading
import time

import compare
import ensembles
import report
import servers
from timeline import Timeline

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Load before a kill, and how long it may take until writes are acknowledged again.
STEADY_SECONDS = 2
OUTAGE_LIMIT_SECONDS = 60


def failovers(ensemble, arguments):
    """Milliseconds without an acknowledged write, one figure for each kill of a leader."""
    gaps = []
    for number in range(arguments.kills):
        timeline = Timeline(
            [member.port for member in ensemble.members], arguments.clients, arguments.in_flight)
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
        gap = timeline.longest_gap(killed_at - STEADY_SECONDS / 2) * 1000
        gaps.append(gap)
        print(f"{time.strftime('%H:%M:%S')} {ensemble.name:7} leader {leader.number} killed: "
              f"{gap:.0f} ms without an acknowledged write, {timeline.rate:,.0f} sets/s", flush=True)
        leader.launch()
        ensemble.wait_until_whole()
    return gaps


def rejoin(ensemble, bench, arguments):
    """A follower that has missed many transactions comes back."""
    lagging = ensemble.followers[0]
    paced = ["--op", "set", "--rate", str(arguments.rate), "--connections", "48",
             "--warmup", "1s", "--duration", f"{arguments.seconds}s"]
    lagging.stop(signal.SIGKILL)
    rest = Serving(ensemble, lagging)
    bench(rest, "run", "--op", "set", "--in-flight", "16", "--connections", "48", "--value-bytes",
          "100", "--requests", str(arguments.missed), "--duration", "600s", "--warmup", "0s")
    before = bench(rest, "run", *paced)["latencyMilliseconds"]["p99"]
    result = {}
    goal = ensemble.leader.zxid

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
    result |= {"p99 before": before, "p99 during": during}
    print(ensemble.name, json.dumps(result), flush=True)
    ensemble.wait_until_whole()
    return result


class Serving:
    """The members of an ensemble without one of them, for zkbench."""

    def __init__(self, ensemble, absent):
        self.name = ensemble.name
        self.address = ",".join(it.address for it in ensemble.members if it is not absent)


def measure(ensemble, bench, arguments):
    result = {}
    try:
        ensemble.start()
        result["small"] = failovers(ensemble, arguments)
        if arguments.missed:
            result["rejoin"] = rejoin(ensemble, bench, arguments)
        if arguments.znodes:
            bench(ensemble, "load", "--count", str(arguments.znodes), "--value-bytes", "100")
            result["large"] = failovers(ensemble, arguments)
    finally:
        ensemble.stop()
    return result


def table(results, arguments):
    """Markdown: a column for each kind of server."""
    def row(title, cell):
        return [title, *(cell(result) for result in results.values())]

    def gaps(key):
        return lambda result: "{:.0f} ms ({:.0f} to {:.0f})".format(
            statistics.median(result[key]), min(result[key]), max(result[key]))

    rows = [["three servers", *results], ["---"] * (len(results) + 1)]
    rows.append(row(f"leader killed: no acknowledged write for, median of {arguments.kills}",
                    gaps("small")))
    if arguments.znodes:
        rows.append(row(f"the same with {arguments.znodes:,} znodes", gaps("large")))
    if arguments.missed:
        rows.append(row(
            f"a follower has {arguments.missed:,} missed transactions again after",
            lambda result: f"{result['rejoin'].get('seconds', float('nan')):.1f} s"))
        rows.append(row(
            f"p99 of {arguments.rate:,} sets/s before, and meanwhile",
            lambda result: "{p99 before:.1f} ms, {p99 during:.1f} ms".format(**result["rejoin"])))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", choices=["apache", "zknode"], help="measure one kind")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--in-flight", type=int, default=4, help="sets in flight of each client")
    parser.add_argument("--znodes", type=int, default=1_000_000, help="0 leaves this part out")
    parser.add_argument("--missed", type=int, default=1_000_000, help="0 leaves this part out")
    parser.add_argument("--rate", type=int, default=2000, help="paced sets a second")
    parser.add_argument("--seconds", type=int, default=15, help="of paced sets")
    parser.add_argument("--heap", default="2g", help="of each of Apache's JVMs")
    parser.add_argument("--port", type=int, default=22810, help="and 200 after it")
    parser.add_argument("--apache-command", help="with {config} for the file")
    parser.add_argument("--ours-command", help="with {config} for the file")
    parser.add_argument("--zkbench", default=str(ROOT / ".build/release/zkbench"))
    parser.add_argument("--zknode", default=str(ROOT / ".build/release/zknode"))
    parser.add_argument("--directory", default=str(ROOT / ".build"), help="on the disk to measure")
    parser.add_argument("--json", help="write all results here")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"load average {load:.1f}: the machine is busy", flush=True)
    results = {}
    with tempfile.TemporaryDirectory(prefix="failover-", dir=arguments.directory) as temporary:
        directory = pathlib.Path(temporary)
        bench = compare.Bench(arguments, directory)
        for one in [servers.apache(arguments, directory), servers.ours(arguments, directory)]:
            if arguments.only in (None, one.name):
                results[one.title] = measure(ensembles.Ensemble(one), bench, arguments)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(results, indent=1))
    text = f"Measured on {datetime.date.today()}, load average before {load:.1f}.\n\n"
    text += table(results, arguments)
    print(text)
    if arguments.write:
        report.write(ROOT / "docs/benchmarks.md", text + "\n", "failover")


if __name__ == "__main__":
    main()
