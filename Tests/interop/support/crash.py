"""Kills a server under load, starts it again, and compares all it has with all it promised."""

import random
import shutil
import subprocess
import time
from dataclasses import dataclass

from .wire import RawClient
from .writer import Writer, read_tree

# Small, so that every round has several snapshots and changes of the log's file.
CRASH_CONFIG = {"snapCount": 500, "preAllocSize": 1024, "tickTime": 200}
TOP = "/crash"


@dataclass
class Round:
    number: int
    answered: int
    unanswered: int
    kept: int
    snapshots: int
    segments: int
    restart_s: float
    note: str

    def __str__(self):
        return (
            f"round {self.number}: {self.answered} writes answered, {self.unanswered} in flight of "
            f"which {self.kept} kept, {self.snapshots} snapshots, {self.segments} log files, "
            f"serving again after {self.restart_s:.2f} s{self.note}")


class CrashTest:
    """One server, its writers, and rounds of load, kill, restart and comparison."""

    def __init__(self, server, seed, writers=4):
        self.server = server
        self.random = random.Random(seed)
        self.rounds = 0
        with RawClient(server.host, server.port) as client:
            client.create(TOP)
        self.writers = [
            Writer(server, f"{TOP}/w{number}", self.random.getrandbits(32))
            for number in range(writers)
        ]
        for writer in self.writers:
            writer.prepare()

    def run_round(self, load_s=None, lose_snapshot=False, end=None):
        """One round; `end` stops the server in another way than by SIGKILL."""
        self.rounds += 1
        before = self.answered
        for writer in self.writers:
            writer.start()
        time.sleep(self.random.uniform(0.2, 1.5) if load_s is None else load_s)
        (end or self.server.kill)()
        for writer in self.writers:
            writer.join()
        snapshots, segments = len(self.server.snapshots), len(self.server.segments)
        self.check_snapshots()
        note = ", its newest snapshot lost" if lose_snapshot and self.lose_snapshot() else ""
        begun = time.monotonic()
        self.server.start()
        restart_s = time.monotonic() - begun
        kept, unanswered = self.compare()
        return Round(
            self.rounds, self.answered - before, unanswered, kept, snapshots, segments, restart_s,
            note)

    @property
    def answered(self):
        return sum(writer.answers for writer in self.writers)

    def compare(self):
        """Each writer's subtree against its model; returns how much of the unanswered was kept."""
        kept = unanswered = 0
        with RawClient(self.server.host, self.server.port) as auditor:
            for writer in self.writers:
                found, pending = writer.settle(read_tree(auditor, writer.top))
                kept, unanswered = kept + found, unanswered + pending
        return kept, unanswered

    def check_snapshots(self):
        """Whatever bears a snapshot's final name is whole, also right after a kill."""
        if self.server.is_apache or shutil.which("lz4") is None:
            return
        for snapshot in self.server.snapshots:
            done = subprocess.run(
                ["lz4", "-t", str(snapshot)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"lz4 -t {snapshot}: {done.stderr}"

    def kill_twice(self, head_start_s):
        """A second crash while the first one is being recovered from."""
        self.server.kill()
        self.server.launch()
        time.sleep(head_start_s)
        self.server.kill()

    def lose_snapshot(self):
        """Deletes the newest of several snapshots; the one before and the log must do."""
        if len(self.server.snapshots) < 2:
            return False
        self.server.snapshots[-1].unlink()
        return True

    def close(self):
        for writer in self.writers:
            writer.client.close()
