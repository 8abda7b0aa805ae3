"""The crash test as a command, for as many rounds as you have time: see `--help`.

Each round writes with several clients at once, ends the server at a random moment, starts it
again, and compares every znode with what was acknowledged. Most rounds end with SIGKILL; some with
SIGTERM, with a second kill during recovery, or with the newest snapshot deleted as well.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from support.crash import CRASH_CONFIG, CrashTest
from support.servers import SERVERS, ZKNode


def main():
    options = parse()
    if options.server == "zknode" and not ZKNode.binary().exists():
        sys.exit(f"{ZKNode.binary()} is not there: swift build -c release --product zknode")
    directory = Path(tempfile.mkdtemp(prefix="zknode-crash-test-"))
    print(f"{options.rounds} rounds, seed {options.seed}, data in {directory}")
    server = SERVERS[options.server](directory, CRASH_CONFIG)
    begun = time.monotonic()
    try:
        server.start()
        answered = run(server, options)
    except BaseException as error:
        server.kill()
        print(f"FAILED: {error}\nKept for a look: {directory}. Again with --seed {options.seed}")
        return 1
    server.stop()
    if not options.keep:
        shutil.rmtree(directory)
    print(
        f"PASSED: {options.rounds} crashes, {answered} answered writes, none lost, "
        f"in {time.monotonic() - begun:.0f} s")
    return 0


def run(server, options):
    test = CrashTest(server, options.seed, options.writers)
    choose = random.Random(options.seed)
    for _ in range(options.rounds):
        way = choose.choices(["kill", "term", "twice", "snapshot"], [6, 1, 2, 2])[0]
        end = {
            "term": server.stop,
            "twice": lambda: test.kill_twice(choose.uniform(0.005, 0.3)),
        }.get(way)
        done = test.run_round(
            load_s=choose.uniform(0.05, options.seconds), lose_snapshot=way == "snapshot", end=end)
        print(f"{done} ({way})", flush=True)
    test.close()
    return test.answered


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=50, help="how many crashes (default 50)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: random")
    parser.add_argument("--writers", type=int, default=4, help="clients that write at once")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="the longest time of load before a crash")
    parser.add_argument("--server", choices=sorted(SERVERS), default="zknode")
    parser.add_argument("--keep", action="store_true", help="keep the data directory at the end")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
