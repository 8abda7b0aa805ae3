"""The differential test: the same random operations on this server and on Apache ZooKeeper 3.8.0.

Both are led in lock step through windows of pipelined requests of one session after another, and
through what happens to sessions and connections. Every reply and every watch event is compared;
times and session ids are not, and session ids are matched where they stand for an owner. At the end
the whole trees are compared, and again after this server was killed and started.

    cd Tests/interop && python -m support.differential --operations 200000 --seed 1
"""

import argparse
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter, deque
from pathlib import Path

from .differential_known import KNOWN
from .differential_pair import Divergence, Pair, Request
from .differential_replies import SessionNames
from .differential_requests import Generator
from .differential_steps import Steps
from .differential_tree import first_difference, read_everything, summary
from .differential_vocabulary import AREAS, SUPER_USER
from .servers import ApacheZooKeeper, ZKNode
from .wire import Op, create_body

# Nothing happens by itself: containers and TTLs are left alone, quotas are enforced.
CONFIG = {
    "znode.container.checkIntervalMs": 86_400_000,
    "enforceQuota": "true",
    "DigestAuthenticationProvider.superDigest": "super:lK75jTNcA+U9vtVEw5vB51mj/w4=",
    "preAllocSize": 1024,
}
SESSIONS = 6
# Windows between which every session is heard, so that none expires and no event waits long.
WINDOWS_BETWEEN_PINGS = 40
SHARE_OF_STEPS = 0.08
KEPT_TRACE, SHOWN_TRACE = 2000, 30
# A name repeated for length, in messages.
NUMEROUS = re.compile(r"(.{1,3}?)\1{100,}")


class World:
    """Both servers, what is known of their sessions, and what the comparison has found."""

    def __init__(self, ours, theirs, seed, keeps_going=False):
        self.servers = (ours, theirs)
        self.sessions = (SessionNames(), SessionNames())
        self.seed, self.keeps_going = seed, keeps_going
        self.operations, self.events = 0, 0
        self.by_operation, self.errors = Counter(), Counter()
        self.accepted, self.divergences = Counter(), []
        self.trace = deque(maxlen=KEPT_TRACE)
        self.has_closed_session = False

    def count(self, pair, request, answer):
        self.operations += 1
        self.by_operation[request.op] += 1
        self.trace.append(f"{self.operations} {pair.name}: {request.text}")
        if answer is not None:
            self.events += len(answer.events)
            self.errors[(answer.fields or {}).get("err")] += 1

    def compare(self, what, pair, ours, theirs, request=None):
        for name in ours.keys() | theirs.keys():
            if ours.get(name) != theirs.get(name):
                self.diverged(pair, request or what, name, ours.get(name), theirs.get(name))

    def diverged(self, pair, request, name, ours, theirs):
        text = request.text if isinstance(request, Request) else request
        message = (
            f"operation {self.operations}, {pair.name}: {text}\n"
            f"    {name}: ours {ours!r}, Apache's {theirs!r}")
        message = NUMEROUS.sub(lambda it: it[0][:20] + "...", message)
        self.divergences.append(message)
        if self.keeps_going:
            print(message, flush=True)
        else:
            raise Divergence(f"{message}\nbefore it, with seed {self.seed}:\n{self.history(pair)}")

    def history(self, pair):
        """The last operations of the pair, and of all."""
        lines = list(self.trace)
        own = [line for line in lines[:-SHOWN_TRACE] if f"{pair.name}: " in line]
        return "\n".join(f"    {line}" for line in own[-SHOWN_TRACE:] + lines[-SHOWN_TRACE:])


class Run:
    """A run of random operations from a seed."""

    def __init__(self, ours, theirs, seed, keeps_going=False):
        self.choose = random.Random(seed)
        self.world = World(ours, theirs, seed, keeps_going)
        self.generator = Generator(self.choose)
        self.steps = Steps(self)
        self.names = 0
        self.windows = 0
        self.auditor = self.new_pair([SUPER_USER])
        self.learn(self.auditor, [
            Request(Op.CREATE, create_body(area), f"create {area}", area) for area in AREAS])
        # The first may do everything, or lists would close the tree bit by bit.
        self.pairs = [self.new_pair([SUPER_USER] if number == 0 else [])
                      for number in range(SESSIONS)]

    def new_name(self):
        self.names += 1
        return f"session {self.names}"

    def new_pair(self, credentials):
        pair = Pair(self.world, self.new_name())
        pair.credentials = list(credentials)
        self.steps.come_back(pair)
        return pair

    def replace(self, pair):
        fresh = self.new_pair([SUPER_USER] if pair is self.pairs[0] else [])
        self.pairs[self.pairs.index(pair)] = fresh

    def operate(self, operations):
        enough = self.world.operations + operations
        while self.world.operations < enough:
            pair = self.choose.choice(self.pairs)
            if self.choose.random() < SHARE_OF_STEPS:
                self.steps.take(pair)
            else:
                self.window(pair)
            if self.world.keeps_going:
                self.level_zxids()
        self.ping_all()

    def window(self, pair):
        self.windows += 1
        self.learn(pair, self.generator.window(pair))
        if self.windows % WINDOWS_BETWEEN_PINGS == 0:
            self.ping_all()

    def learn(self, pair, requests):
        for request, fields in zip(requests, pair.exchange(requests)):
            self.generator.learn(request, fields)

    def ping_all(self):
        for pair in [*self.pairs, self.auditor]:
            if pair.clients[0].socket is not None:
                pair.ping()

    def level_zxids(self):
        """After a divergence that was only noted: the server behind catches up."""
        ours, theirs = (client.exists("/").zxid for client in self.auditor.clients)
        for client, behind in zip(self.auditor.clients, (theirs - ours, ours - theirs)):
            for _ in range(behind):
                self.auditor.use_up_zxid(client)

    # The end

    def compare_trees(self, when):
        self.ping_all()
        trees = [
            read_everything(client, sessions)
            for client, sessions in zip(self.auditor.clients, self.world.sessions)]
        if difference := first_difference(*trees):
            self.world.diverged(self.auditor, f"the trees {when}", difference, "", "")
        self.world.compare(f"srvr {when}", self.auditor, *map(summary, self.world.servers))
        for pair in self.pairs:
            pair.exchange([self.generator.whole_ephemerals()])
        return len(trees[0])

    def restart_ours(self):
        """SIGKILL, recovery, and every session comes back."""
        self.ping_all()
        self.world.servers[0].kill()
        self.world.servers[0].start()
        for pair in [*self.pairs, self.auditor]:
            self.steps.come_back(pair)

    def finish(self):
        for pair in [*self.pairs, self.auditor]:
            pair.drop()

    def report(self):
        world = self.world
        accepted = [f"{world.accepted[it.name]} x {it.name}" for it in KNOWN]
        return (
            f"seed {world.seed}: {world.operations} operations in {self.windows} windows, "
            f"{len(world.by_operation)} kinds, {world.events} watch events, "
            f"{sum(world.errors.values()) - world.errors[0]} errors of {len(world.errors) - 1} "
            f"kinds; known differences: {', '.join(accepted)}")


def run(ours, theirs, seed, operations, keeps_going=False):
    """All of it; returns the run, whose `world` has what was found."""
    it = Run(ours, theirs, seed, keeps_going)
    it.operate(operations)
    it.compare_trees("at the end")
    it.restart_ours()
    it.compare_trees("after a kill")
    it.operate(operations // 10)
    it.compare_trees("after a kill and more operations")
    it.finish()
    return it


def main():
    options = parse()
    if not ZKNode.binary().exists():
        sys.exit(f"{ZKNode.binary()} is not there: swift build -c release --product zknode")
    directory = Path(tempfile.mkdtemp(prefix="zknode-differential-"))
    print(f"seed {options.seed}, data in {directory}", flush=True)
    servers = [kind(directory / kind.kind, CONFIG) for kind in (ZKNode, ApacheZooKeeper)]
    begun = time.monotonic()
    try:
        for server in servers:
            server.start()
        found = run(*servers, options.seed, options.operations, options.keep_going)
    except Divergence as divergence:
        print(f"FAILED: {divergence}\nKept for a look: {directory}")
        return 1
    finally:
        for server in servers:
            server.kill()
    print(f"{found.report()}; {time.monotonic() - begun:.0f} s")
    if not found.world.divergences:
        shutil.rmtree(directory)
    return 1 if found.world.divergences else 0


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m support.differential", description=__doc__.split("\n\n")[0])
    parser.add_argument("--operations", type=int, default=20_000, help="default 20000")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: random")
    parser.add_argument(
        "--keep-going", action="store_true", help="list every difference instead of the first")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
