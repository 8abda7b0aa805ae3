"""Ensembles of Apache's servers and ours: who is of which kind, who leads, who was sent what."""

import re

import pytest

from .member import FOLLOWER, LEADER, OBSERVER, wait_until
from .servers import ApacheZooKeeper, ApacheZooKeeper39, ZKNode, by_zxid

APACHE, APACHE_3_9, OURS = ApacheZooKeeper, ApacheZooKeeper39, ZKNode

# By the kinds of members 1, 2 and 3. At equal histories the highest number is elected, so that the
# last kind is the one that is to lead.
MIXES = {
    "two apache, ours leads": [APACHE, APACHE, OURS],
    "two apache, apache leads": [APACHE, OURS, APACHE],
    "two ours, ours leads": [APACHE, OURS, OURS],
    "two ours, apache leads": [OURS, OURS, APACHE],
    "3.8, 3.9, ours leads": [APACHE, APACHE_3_9, OURS],
    "3.8, ours, 3.9 leads": [APACHE, OURS, APACHE_3_9],
    "two ours, 3.9 leads": [OURS, OURS, APACHE_3_9],
}

# Ours makes snapshots, and deletes the log behind them, often enough for SNAP to be needed. Not
# Apache's: killed as it begins a log file it does not start again (ZOOKEEPER-2332).
CONFIG_OF = {OURS: {"snapCount": 300, "txnLogSizeLimitInKb": 64}}

SAID_BY_APACHE = r"Sending (DIFF|TRUNC|snapshot) "
SAID_BY_OURS = r"synchronizing server \d+ from \w+ by (\w+)"
# A tree that is not what the leader says, in Apache's words and in ours.
DIGEST_COMPLAINTS = ("Digests are not matching", "the tree is not the leader's")
END_OF_APACHE_ROLE = ("Learner shutdown Follower", "Leader Shutting down")
STATE_OF_APACHE = re.compile(r"Peer state changed: (\w+)")


def skip_without(*kinds):
    """Skips the test where this machine lacks one of these servers."""
    for kind in kinds:
        if not kind.is_here():
            pytest.skip(f"no {kind.kind} server here: tools/test.sh interop fetches them")


def is_apache(member):
    return member.server.is_apache


def have_lead(ensemble, kind, attempts=6):
    """Kills leaders of the other kind until one of this kind leads; then all run."""
    for _ in range(attempts):
        ensemble.wait_for_all()
        leader = ensemble.leader()
        if leader is not None and type(leader.server) is kind:
            return leader
        if leader is not None:
            leader.kill()
            ensemble.wait_for_leader(ensemble.others(leader))
            leader.start()
    raise AssertionError(f"no {kind.kind} server came to lead\n{ensemble.logs(8)}")


class Synchronizations:
    """How a leader brings learners to its history from now on, in its own words."""

    def __init__(self, leader):
        self.leader = leader
        self.begin = len(leader.server.log_text())

    @property
    def kinds(self):
        said = SAID_BY_APACHE if is_apache(self.leader) else SAID_BY_OURS
        found = re.findall(said, self.leader.server.log_text()[self.begin :])
        return [{"snapshot": "SNAP"}.get(kind, kind) for kind in found]


def come_back(ensemble, member):
    """Starts a member and waits until it follows; returns how it was synchronized."""
    leader = ensemble.wait_for_leader(ensemble.others(member))
    said = Synchronizations(leader)
    member.start()
    # One of ours without a disk observes first, until it is synchronized.
    ensemble.wait_for_role(member, OBSERVER if member.is_observer else FOLLOWER)
    assert leader.role() == LEADER, f"{leader} leads no longer\n{ensemble.logs(12)}"
    return said.kinds


def check_digests(members):
    """All members have had the same tree at each transaction of which they tell the digest.

    Apache's servers and ours sum it up in the same way; each keeps what it had after every 128th
    transaction since it was started.
    """
    logs = {member: digests(member) for member in members}
    seen = {}
    shared = 0
    for member, log in logs.items():
        for zxid, digest in log.items():
            first, other = seen.setdefault(zxid, (digest, member))
            shared += other is not member
            assert first == digest, f"0x{zxid:x}: {digest} at {member}, {first} at {other}"
    for member in members:
        found = digest_complaints(member.server.log_text())
        assert not found, f"{member}:\n" + "\n".join(found)
    return shared


def digest_complaints(log):
    """What a member says of digests that differ.

    But for what an Apache server says while it looks: as its role ends it reads its own log into
    the tree, to which the threads of that role may still be applying the same transactions
    (ZooKeeperServer.shutdown; ZOOKEEPER-2678). Its tree is the same afterwards. It says that a role
    has ended some time before it says that it looks.
    """
    found, state = [], None
    for line in log.splitlines():
        if changed := STATE_OF_APACHE.search(line):
            state = changed[1]
        elif any(words in line for words in END_OF_APACHE_ROLE):
            state = "looking"
        if state != "looking" and any(words in line for words in DIGEST_COMPLAINTS):
            found.append(line)
    return found


def digests(member):
    pairs = re.findall(r"^([0-9a-f]+): (-?\d+)", member.server.ask("hash"), re.MULTILINE)
    return {int(zxid, 16): int(digest) for zxid, digest in pairs}


def wait_for_purge(member, zxid):
    """Until our server's log begins after this zxid, so that who ends there needs a snapshot."""
    wait_until(
        lambda: by_zxid(member.server.segments[0]) > zxid + 1, 60,
        lambda: f"deletion of log at {member}: {member.server.segments}")
