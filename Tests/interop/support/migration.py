"""Replaces the members of a running ensemble one by one: Apache's by ours, and back again.

Meanwhile clients write and read, and two of them hold something dear: a lock (an ephemeral znode)
and a watch. In the end nothing may have been lost: no session, no write, no ephemeral.
"""

import re
import time

from kazoo.client import KazooClient, KazooState

from .checks import check
from .ensemble import zkdump
from .ensemble_steps import wait_for_progress
from .load import Load
from .member import wait_until
from .mixed import OURS, check_digests, come_back
from .trees import check_identical

TOP = "/migration"
# The session time-out of the clients is longer than any step should take them.
LOCK_TIMEOUT_S = 10


class Holder:
    """A client that holds a lock and watches a counter all the time."""

    def __init__(self, ensemble):
        self.states, self.seen = [], []
        self.client = KazooClient(ensemble.hosts, timeout=LOCK_TIMEOUT_S)
        self.client.add_listener(self.states.append)
        self.client.start(timeout=30)
        self.session = self.client.client_id[0]
        self.client.create(f"{TOP}/lock", b"mine", ephemeral=True)
        self.client.create(f"{TOP}/counter", b"0")
        self.client.DataWatch(f"{TOP}/counter", lambda data, stat: self.seen.append(data))

    def check(self):
        """What it holds is there, and its watch still fires."""
        value = b"%d" % (int(self.seen[-1]) + 1)
        self.client.retry(self.client.set, f"{TOP}/counter", value)
        wait_until(lambda: self.seen[-1] == value, 15, f"the watch fires for {value}")
        stat = self.client.retry(self.client.exists, f"{TOP}/lock")
        assert KazooState.LOST not in self.states, "the session expired"
        assert self.client.client_id[0] == self.session, "another session"
        assert stat is not None and stat.ephemeralOwner == self.session, "the lock is lost"

    def close(self):
        self.client.stop()
        self.client.close()


class Migration:
    """`say` is told each step; `between` is how long to go on under load before the next one."""

    def __init__(self, ensemble, say=print, between_s=2.0):
        self.ensemble, self.say, self.between_s = ensemble, say, between_s
        self.apache = type(ensemble.members[0].server)
        self.load = Load(ensemble, f"{TOP}/load", clients=4, pause_s=0.005)
        self.holder = None

    def run(self):
        """All steps; raises where something was lost."""
        with_client = KazooClient(self.ensemble.hosts)
        with_client.start(timeout=30)
        with_client.ensure_path(TOP)
        with_client.stop()
        with_client.close()
        self.holder = Holder(self.ensemble)
        self.load.start()
        wait_for_progress(self.load)
        try:
            for kind in (OURS, self.apache):
                self.say(f"\nEach member becomes {name(kind)}, the leader last:")
                for member in self.ensemble.followers_first():
                    self.replace(member, kind)
                    self.go_on()
            self.finish()
        finally:
            self.load.abandon()
            self.holder.close()

    def replace(self, member, kind):
        begun, role = time.monotonic(), member.role()
        before = member.server
        member.stop()
        self.ensemble.replace(member, kind)
        if kind.is_apache:
            # Unlike ours, an Apache member that is empty would vote.
            export(before, member.server)
        how = come_back(self.ensemble, member)
        self.say(
            f"  {member}, {role}: now {name(kind)}, {member.role()}, synchronized by "
            f"{' and '.join(how) or 'what it had'}, after {time.monotonic() - begun:.1f} s")

    def go_on(self):
        wait_for_progress(self.load)
        self.holder.check()
        time.sleep(self.between_s)

    def finish(self):
        self.holder.check()
        self.load.stop()
        self.ensemble.wait_for_all()
        tree = check_identical(self.ensemble.members)
        found = check(self.load.history, tree, self.load.top, confirmed_sync=False)
        found += [f"session 0x{it:x} expired" for it in self.load.history.refused_sessions]
        assert not found, "\n".join(found[:20])
        check_digests(self.ensemble.members)
        self.say(
            f"\n{self.load}\n{len(self.load.history.acknowledged)} acknowledged writes: none is "
            "lost, none was executed twice. No session expired; the lock was held throughout and "
            "its holder's watch fired after every step. All members have the same tree.")


def name(kind):
    return "Apache ZooKeeper" if kind.is_apache else "ZKNode"


def export(ours, apache):
    """What our stopped server has, as a data directory of Apache's. Its myid stays."""
    made = apache.data_dir.with_name("exported")
    done = zkdump("export", "--format", "apache", str(ours.data_dir), str(made))
    assert done.returncode == 0, f"zkdump export: {done.stdout}{done.stderr}"
    (made / "version-2").rename(apache.data_dir / "version-2")
    made.rmdir()


def version(server):
    """Of a running server, in its own words."""
    return re.search(r"version: ([\d.]+)", server.ask("srvr"))[1]
