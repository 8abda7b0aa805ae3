#!/usr/bin/env python3
"""Compares Apache ZooKeeper and ZKNode on one machine: the same load, disk and configuration."""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

import ensembles
import report
import servers

ROOT = pathlib.Path(__file__).resolve().parents[2]

PIPELINED = ["--connections", "48", "--in-flight", "16"]
SYNCHRONOUS = ["--sync-clients", "--connections"]

# Name, what is reported of it, and the arguments of `zkbench run`. Creates are last: they grow the
# tree that the others would have to live with.
WORKLOADS = [
    ("pipelined sets", "rate", ["--op", "set", *PIPELINED]),
    ("pipelined gets", "rate", ["--op", "get", *PIPELINED]),
    ("pipelined, 50 % gets", "rate", ["--op", "mix", "--read-percent", "50", *PIPELINED]),
    ("pipelined, 90 % gets", "rate", ["--op", "mix", "--read-percent", "90", *PIPELINED]),
    ("64 synchronous clients, sets", "rate", ["--op", "set", *SYNCHRONOUS, "64"]),
    ("64 synchronous clients, gets", "rate", ["--op", "get", *SYNCHRONOUS, "64"]),
    ("1 synchronous client, set", "p50", ["--op", "set", *SYNCHRONOUS, "1"]),
    ("1 synchronous client, get", "p50", ["--op", "get", *SYNCHRONOUS, "1"]),
    ("pipelined creates, 100 B", "rate", ["--op", "create", "--value-bytes", "100", *PIPELINED]),
]


class Bench:
    """Runs zkbench against a server."""

    def __init__(self, arguments, directory):
        self.program = arguments.zkbench
        self.directory = directory

    def __call__(self, server, command, *options):
        output = self.directory / "result.json"
        output.unlink(missing_ok=True)
        done = subprocess.run(
            [self.program, command, "--servers", server.address, "--json", output, *options],
            stdout=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise SystemExit(f"zkbench {command} {' '.join(options)} failed on {server.name}")
        return json.loads(output.read_text())


def throughput_round(server, bench, arguments):
    """A fresh server, warmed up; the result of each workload by name."""
    try:
        server.start()
        timing = ["--warmup", f"{arguments.warmup}s", "--duration", f"{arguments.seconds}s"]
        # A JVM compiles what it has run often: a server is not measured while it does that.
        for operation in ["set", "get", "mix"]:
            bench(server, "run", "--op", operation, "--duration", f"{arguments.seconds}s")
        results = {}
        for name, _, options in WORKLOADS:
            flushes = servers.disk_flushes(server.directory)
            results[name] = bench(server, "run", *options, *timing)
            if options[1] != "get":
                check_durable(server, flushes, results[name])
            announce(server, name, results[name])
        results["version"] = server.version()
        return results
    finally:
        server.stop()


def check_durable(server, flushes_before, result):
    """Writes must have reached the disk: else the comparison is between other things."""
    after = servers.disk_flushes(server.directory)
    if flushes_before is not None and after == flushes_before:
        raise SystemExit(f"{server.name}: {result['replies']} writes and no flush of the disk")
    syncs = server.monitor().get("zk_cnt_fsynctime")
    if flushes_before is None and syncs is None:
        print(f"{server.name}: whether writes reach the disk could not be checked", flush=True)
    if syncs is not None and float(syncs) == 0:
        raise SystemExit(f"{server.name}: no sync of the log")


def big_tree_round(server, bench, arguments):
    """Memory, restart and snapshots with many znodes."""
    results = {}
    try:
        server.start()
        size = ["--count", str(arguments.znodes), "--value-bytes", "100"]
        loaded = bench(server, "load", *size)
        results["load per second"] = loaded["repliesPerSecond"]
        results["RSS after load"] = server.resident_bytes()
        results["live heap"] = server.live_heap_bytes()
        server.stop()
        results["disk"] = server.data_bytes()
        results["restart seconds"] = server.start(fresh=False)
        results["RSS after restart"] = server.resident_bytes()
        server.stop()
        results.update(snapshot_under_load(server, bench, arguments))
    finally:
        server.stop()
    return results


def snapshot_under_load(server, bench, arguments):
    """Sets while snapshots are taken: as fast as they go, then at a fixed rate."""
    results = {}
    server.start(fresh=False, settings={"snapCount": arguments.snap_count})
    timing = ["--warmup", "5s", "--duration", f"{arguments.snapshot_seconds}s"]
    paced = ["--rate", str(arguments.rate), "--connections", "48"]
    for key, options in [("full", PIPELINED), ("paced", paced)]:
        before = server.snapshots()
        run = bench(server, "run", "--op", "set", "--timeline", "100ms", *options, *timing)
        taken = len(server.snapshots() - before)
        if taken == 0:
            raise SystemExit(f"{server.name}: no snapshot in {arguments.snapshot_seconds} s")
        results[key] = {
            "snapshots": taken,
            "rate": run["repliesPerSecond"],
            "worst window": run["timeline"]["worstWindowReplies"],
            "longest silence": run["timeline"]["longestSilenceMilliseconds"],
            "p99": run["latencyMilliseconds"]["p99"],
            "max": run["latencyMilliseconds"]["max"],
        }
    return results


def announce(server, name, result):
    latency = result["latencyMilliseconds"]
    print(
        f"{time.strftime('%H:%M:%S')} {server.name:7} {name:30} "
        f"{result['repliesPerSecond']:10.0f}/s  p50 {latency['p50']:.3f} ms  "
        f"p99 {latency['p99']:.3f} ms  max {latency['max']:.1f} ms  "
        f"generator {result['generatorCores']:.2f}",
        flush=True,
    )


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["apache", "zknode"], help="measure one server")
    parser.add_argument(
        "--servers", type=int, choices=[1, ensembles.COUNT], default=1,
        help="of an ensemble, on this machine; without the part on many znodes",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10, help="measured time of a workload")
    parser.add_argument("--warmup", type=int, default=3, help="time before it, not measured")
    parser.add_argument("--znodes", type=int, default=1_000_000, help="0 leaves this part out")
    parser.add_argument("--snap-count", type=int, default=100_000)
    parser.add_argument("--snapshot-seconds", type=int, default=30)
    parser.add_argument("--rate", type=int, default=5000, help="paced sets a second")
    parser.add_argument("--heap", default="2g", help="of Apache's JVM")
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
    # What else the machine was doing belongs to the result.
    arguments.load_before = os.getloadavg()[0]
    if arguments.load_before > 0.5:
        print(f"load average {arguments.load_before:.1f}: the machine is busy", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=arguments.directory) as temporary:
        directory = pathlib.Path(temporary)
        everyone = [servers.apache(arguments, directory), servers.ours(arguments, directory)]
        chosen = [
            ensembles.of(it, arguments.servers)
            for it in everyone if arguments.only in (None, it.name)
        ]
        bench = Bench(arguments, directory)
        results = {it.name: {"title": it.title, "rounds": [], "big": []} for it in chosen}
        for number in range(arguments.rounds):
            # Turns in changing order: what the machine does over time is shared.
            for server in chosen if number % 2 == 0 else chosen[::-1]:
                results[server.name]["rounds"].append(throughput_round(server, bench, arguments))
        is_one = arguments.servers == 1
        for number in range(arguments.rounds if arguments.znodes and is_one else 0):
            for server in chosen if number % 2 == 0 else chosen[::-1]:
                big = big_tree_round(server, bench, arguments)
                print(server.name, json.dumps(big), flush=True)
                results[server.name]["big"].append(big)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(results, indent=1))
    text = report.markdown(results, WORKLOADS, arguments)
    print(text)
    if arguments.write:
        name = "results" if arguments.servers == 1 else "ensemble results"
        report.write(ROOT / "docs/benchmarks.md", text, name)


if __name__ == "__main__":
    main()
