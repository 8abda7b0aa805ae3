"""An ensemble under load and random faults, for as long as you have time: see `--help`.

In rounds: clients write and read, servers are killed, paused, cut off, stopped, wiped and damaged;
then everything is mended, all members must have the same tree, and the history of what the clients
were told is judged: see support/checks.py.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from support.checks import check
from support.ensemble import Ensemble
from support.faults import Faults
from support.load import Load
from support.network import NETWORKS
from support.servers import SERVERS, ZKNode
from support.trees import check_identical, remove

MENDING_LIMIT_S = 90
# Small, so that snapshots and changes of the log's file come often.
CONFIG = {"snapCount": 5000, "preAllocSize": 1024, "txnLogSizeLimitInKb": 1024}


def main():
    options = parse()
    if options.server == "zknode" and not ZKNode.binary().exists():
        sys.exit(f"{ZKNode.binary()} is not there: swift build -c release --product zknode")
    directory = Path(tempfile.mkdtemp(prefix="zknode-ensemble-test-"))
    ensemble = Ensemble(
        SERVERS[options.server], directory, options.servers, config=CONFIG,
        network=options.network)
    print(f"{options.servers} servers for {options.minutes:g} minutes, seed {options.seed}, "
          f"{type(ensemble.network).__name__}, data in {directory}", flush=True)
    begun = time.monotonic()
    try:
        ensemble.start()
        summary = run(ensemble, options, begun + 60 * options.minutes)
    except BaseException as error:
        print(f"FAILED: {error}\n{ensemble.logs(15)}\n"
              f"Kept for a look: {directory}. Again with --seed {options.seed}")
        ensemble.close()
        return 1
    ensemble.close()
    if not options.keep:
        shutil.rmtree(directory)
    print(f"PASSED in {time.monotonic() - begun:.0f} s: {summary}")
    return 0


def run(ensemble, options, end):
    choose = random.Random(options.seed)
    faults = Faults(ensemble, choose)
    first_epoch = ensemble.leader().zxid() >> 32
    acknowledged = rounds = 0
    while time.monotonic() < end:
        rounds += 1
        load = Load(
            ensemble, f"/round{rounds}", options.clients, choose.getrandbits(32)).start()
        names, round_end = [], min(end, time.monotonic() + options.round)
        try:
            while time.monotonic() < round_end:
                names.append(faults.one())
                time.sleep(choose.choice([0, 0.2, 1, 3]))
            audit(ensemble, load, options)
        finally:
            load.abandon()
        acknowledged += load.acknowledged
        print(f"round {rounds}: {', '.join(names)}: {load}", flush=True)
    elections = (ensemble.leader().zxid() >> 32) - first_epoch
    counts = ", ".join(f"{count} {name}" for name, count in sorted(faults.counts.items()))
    return (
        f"{rounds} rounds, {elections} elections, {counts}, {acknowledged} acknowledged writes, "
        "none lost")


def audit(ensemble, load, options):
    ensemble.network.heal()
    for member in ensemble.members:
        member.resume()
        member.start()
    load.stop(MENDING_LIMIT_S)
    ensemble.mend(MENDING_LIMIT_S)
    tree = check_identical(ensemble.members, load.top)
    found = check(load.history, tree, load.top, confirmed_sync=not ensemble.is_apache)
    assert not found, f"{load}\n" + "\n".join(found[:50])
    remove(ensemble.leader(), tree)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="how long (default 10)")
    parser.add_argument("--servers", type=int, choices=[3, 5], default=3)
    parser.add_argument("--clients", type=int, default=4, help="that write and read at once")
    parser.add_argument("--round", type=float, default=30, help="seconds between two audits")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: random")
    parser.add_argument("--server", choices=sorted(SERVERS), default="zknode")
    parser.add_argument("--network", choices=NETWORKS, default="auto")
    parser.add_argument("--keep", action="store_true", help="keep the data at the end")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
