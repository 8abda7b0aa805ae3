"""Part `throughput`: how many requests, and how long each takes. Part `null`: the ceilings."""

import subprocess
import time

import servers
from zkbench import announce

PIPELINED = ["--connections", "48", "--in-flight", "16"]
SYNCHRONOUS = ["--sync-clients", "--connections"]
SMALL = ["--value-bytes", "100"]

# Name and arguments of `zkbench run`. Creates are last: they grow the tree that the others would
# have to live with.
WORKLOADS = [
    ("pipelined sets", ["--op", "set", *PIPELINED]),
    ("pipelined gets", ["--op", "get", *PIPELINED]),
    ("pipelined, 50 % gets", ["--op", "mix", "--read-percent", "50", *PIPELINED]),
    ("pipelined, 90 % gets", ["--op", "mix", "--read-percent", "90", *PIPELINED]),
    ("64 synchronous clients, sets", ["--op", "set", *SMALL, *SYNCHRONOUS, "64"]),
    ("64 synchronous clients, gets", ["--op", "get", *SMALL, *SYNCHRONOUS, "64"]),
    ("1 synchronous client, sets", ["--op", "set", *SYNCHRONOUS, "1"]),
    ("1 synchronous client, gets", ["--op", "get", *SYNCHRONOUS, "1"]),
    ("pipelined creates", ["--op", "create", *PIPELINED]),
]


def measure(server, bench, arguments):
    """A fresh server, warmed up; the result of each workload by name."""
    server.start()
    warm_up(server, bench, arguments)
    results = {}
    for name, options in WORKLOADS:
        flushes = servers.disk_flushes(server.directory)
        run = bench(server, "run", *options, *timing(arguments))
        if options[1] != "get":
            check_durable(server, flushes, run)
        announce(server, name, run)
        results[name] = {"rate": run["repliesPerSecond"], **run["latencyMilliseconds"],
                         "generator": run["generatorCores"]}
    return results


def timing(arguments):
    return ["--warmup", f"{arguments.warmup}s", "--duration", f"{arguments.seconds}s"]


def warm_up(server, bench, arguments):
    """A JVM compiles what it has run often: a server is not measured while it does that."""
    for operation in ["set", "get", "mix"]:
        bench(server, "run", "--op", operation, "--duration", f"{arguments.seconds}s")


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


class NullServer:
    """`zkbench null`: answers at once; sets with two of three logs synced, if `is_quorum`."""

    def __init__(self, arguments, directory, is_quorum):
        self.name = "null quorum" if is_quorum else "null"
        self.address = f"127.0.0.1:{arguments.port + 190}"
        options = ["--quorum", "--directory", directory] if is_quorum else []
        self.command = [arguments.zkbench, "null", "--port", str(arguments.port + 190),
                        "--duration", "600s", *options]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        if "listening" not in self.process.stdout.readline():
            raise SystemExit(f"{' '.join(map(str, self.command))} did not start")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        time.sleep(0.2)


def measure_null(bench, arguments, directory):
    """The rate of what does nothing."""
    results = {}
    for name, operation, is_quorum in [
        ("null server, gets", "get", False), ("null quorum, sets", "set", True)
    ]:
        with NullServer(arguments, directory, is_quorum) as server:
            run = bench(server, "run", "--op", operation, *PIPELINED, *timing(arguments))
            announce(server, name, run)
            results[name] = {"rate": run["repliesPerSecond"], "generator": run["generatorCores"]}
    return results
