#!/usr/bin/env python3
"""Compares Apache ZooKeeper and ZKNode on one machine: the same load, disk and configuration."""

import argparse
import os
import pathlib
import tempfile

import ensembles
import failover
import growth
import report
import servers
import sessions
import store
import throughput
import tree
from zkbench import ZKBench

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Each takes a server, zkbench and the arguments, and returns what it measured in one round.
PARTS = {
    "throughput": throughput.measure,
    "tree": tree.measure,
    "snapshots": tree.snapshots,
    "failover": failover.measure,
    "rejoin": failover.rejoin,
    "idle": sessions.idle,
    "fanout": sessions.fanout,
    "slow": sessions.slow,
}
# Of no server, and of many.
OTHER_PARTS = ["null", "growth"]
ENSEMBLE_ONLY = {"failover", "rejoin", "growth"}


def kinds(arguments, directory):
    everyone = [servers.apache(arguments, directory), servers.ours(arguments, directory)]
    return [it for it in everyone if arguments.only in (None, it.name)]


def run_part(part, arguments, directory, bench):
    """All rounds of a part, in turns whose order changes: what the machine does over time is
    shared. Each result is kept when it is there."""
    chosen = kinds(arguments, directory)
    for number in range(arguments.rounds):
        for one in chosen if number % 2 == 0 else chosen[::-1]:
            if part == "growth":
                result = growth.measure(
                    lambda count: ensembles.of(one, count), bench, arguments)
                version = f"up to {max(arguments.growth_servers)} servers"
            else:
                with ensembles.stopping(ensembles.of(one, arguments.servers)) as server:
                    result = PARTS[part](server, bench, arguments)
                    version = server.version()
            store.add(arguments, part, one, version, result, is_first=number == 0)


def run(arguments):
    with tempfile.TemporaryDirectory(prefix="bench-", dir=arguments.directory) as temporary:
        directory = pathlib.Path(temporary)
        bench = ZKBench(arguments.zkbench, directory)
        for part in arguments.part:
            if part == "null":
                for number in range(arguments.rounds):
                    result = throughput.measure_null(bench, arguments, directory)
                    store.add(arguments, part, None, "", result, is_first=number == 0)
            else:
                run_part(part, arguments, directory, bench)


def draw(arguments):
    """The figures of the part `growth`, as far as it was measured."""
    kept = store.load(arguments)
    results = {it["title"]: it["rounds"][-1] for (part, _), it in kept.items() if part == "growth"}
    if not results:
        return
    figures = ROOT / "docs/figures"
    figures.mkdir(exist_ok=True)
    bench = ZKBench(arguments.zkbench, pathlib.Path(arguments.results))
    for name, chart in growth.charts(results, report.machine_line()).items():
        bench.plot(chart, figures / f"{name}.svg")


def numbers(text):
    return [int(float(word)) for word in text.split(",")]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--servers", type=int, choices=[1, 3, 5, 7], default=3, help="1 is a standalone server")
    add("--part", action="append", choices=[*PARTS, *OTHER_PARTS],
        help="measure only this, may be given again; the other results that are kept stay")
    add("--only", choices=["apache", "zknode"], help="measure one kind of server")
    add("--report", action="store_true", help="measure nothing: show what is kept")
    add("--write", action="store_true", help="put the table and the figures into the docs")
    add("--rounds", type=int, default=3)
    add("--seconds", type=int, default=10, help="measured time of a workload")
    add("--warmup", type=int, default=3, help="time before it, not measured")
    add("--znodes", type=int, default=1_000_000)
    add("--snap-count", type=int, default=100_000)
    add("--snapshot-seconds", type=int, default=30)
    add("--rate", type=int, default=5000, help="paced requests a second")
    add("--kills", type=int, default=10, help="of leaders, in a round and a size of the tree")
    add("--missed", type=int, default=1_000_000, help="transactions that a follower misses")
    add("--rejoin-seconds", type=int, default=15, help="of paced sets before and during")
    add("--sessions", type=int, default=10_000, help="idle ones, and those that watch")
    add("--hold-seconds", type=int, default=30, help="for which they are idle")
    add("--watches", type=int, default=100_000, help="a multiple of the sessions")
    add("--slow-clients", type=int, default=200)
    add("--growth-znodes", type=numbers, default=numbers("1e3,1e5,1e6,5e6"))
    add("--growth-servers", type=numbers, default=numbers("1,3,5,7"))
    add("--growth-connections", type=numbers, default=numbers("1,3,10,30,100,300,1000"))
    add("--heap", default="2g", help="the most that each of Apache's JVMs may have (-Xmx)")
    add("--heap-start", help="what it has from the start (-Xms); memory then shows no less")
    add("--java-options", default="", help="more for Apache's JVMs")
    add("--port", type=int, default=22810, help="and 200 after it")
    add("--apache-command", help="with {config} for the file")
    add("--ours-command", help="with {config} for the file")
    add("--zkbench", default=str(ROOT / ".build/release/zkbench"))
    add("--zknode", default=str(ROOT / ".build/release/zknode"))
    add("--directory", default=str(ROOT / ".build"), help="on the disk to measure")
    add("--results", default=str(ROOT / ".build/bench-results"), help="where results are kept")
    arguments = parser.parse_args()
    everything = [*PARTS, *OTHER_PARTS]
    arguments.part = [] if arguments.report else (arguments.part or everything)
    if arguments.servers == 1:
        arguments.part = [it for it in arguments.part if it not in ENSEMBLE_ONLY]
    return arguments


def main():
    arguments = parse_arguments()
    pathlib.Path(arguments.results).mkdir(parents=True, exist_ok=True)
    # What else the machine was doing belongs to the result.
    arguments.load_before = os.getloadavg()[0]
    if arguments.part and arguments.load_before > 0.5:
        print(f"load average {arguments.load_before:.1f}: the machine is busy", flush=True)
    run(arguments)
    text = report.markdown(store.load(arguments), arguments)
    print(text)
    if arguments.write:
        name = "results" if arguments.servers == 1 else "ensemble results"
        report.write(ROOT / "docs/benchmarks.md", text, name)
        draw(arguments)


if __name__ == "__main__":
    main()
