"""Records what Apache's servers say on the quorum and election ports: see `--help`.

The Swift tests of both ports decode and encode each recorded message again
(Tests/ZKWireTests/Fixtures). Needs root, for network namespaces, and Debian's zookeeper.
"""

import argparse
import contextlib
import itertools
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

from kazoo.client import KazooClient
from kazoo.security import make_digest_acl
from support.ensemble import Ensemble
from support.jute import Writer
from support.member import wait_until
from support.mixed import APACHE
from support.network import ELECTION_PORT, QUORUM_PORT, NamespaceNetwork
from support.recording import Recorder, notifications, packets
from support.servers import REPOSITORY
from support.wire import Flag, Op, RawClient, Session, create_body

FIXTURES = REPOSITORY / "Tests/ZKWireTests/Fixtures"
WHAT = "# {}. Apache ZooKeeper 3.8.0.\n"
FOLLOWERINFO, ACKEPOCH, ACK, REVALIDATE = 11, 18, 3, 6


def main():
    options = parse()
    if not NamespaceNetwork.is_permitted():
        sys.exit("network namespaces are not permitted here: run as root, with iproute2")
    directory = Path(tempfile.mkdtemp(prefix="zknode-recording-"))
    ensemble = Ensemble(
        None, directory, kinds=[APACHE] * 4, observers=1, network="netns",
        config={"reconfigEnabled": "true", "skipACL": "yes"})
    recorder = Recorder(ensemble.network)
    extra = []
    try:
        scenario(ensemble, extra)
        time.sleep(0.5)
        recorder.stop()
    finally:
        ensemble.close()
    seen = {}
    for name, data in itertools.chain(recorder.messages(), extra):
        seen.setdefault(name, data)
    shutil.rmtree(directory)
    write(seen, options)


def scenario(ensemble, extra):
    ensemble.start()
    observer = ensemble.members[-1]
    follower = ensemble.follower()
    for member in (follower, observer):
        requests(member)
    # A session goes on elsewhere, and one that never was is asked for.
    session = Session()
    with_session = RawClient(follower.server.host, follower.server.port, 6000, session).connect()
    time.sleep(0.5)
    with_session.drop()
    RawClient(observer.server.host, observer.server.port, 6000, session).connect().close()
    # Away for some writes, and without a disk.
    for wipes in (False, True):
        follower.kill()
        if wipes:
            follower.wipe()
        requests(ensemble.leader())
        follower.start()
        ensemble.wait_for_role(follower)
    extra += hand_made_learner(ensemble)
    extra += hand_made_voter(observer)
    reconfigure(ensemble)
    # The first leader goes, so that all look.
    leader = ensemble.leader()
    leader.kill()
    ensemble.wait_for_leader(ensemble.others(leader))
    leader.start()
    ensemble.wait_for_all()


def requests(member):
    """Writes of every kind, in one session of this member."""
    client = KazooClient(member.address, timeout=6)
    client.start(timeout=15)
    client.add_auth("digest", "u:p")
    top = f"/r{time.monotonic_ns()}"
    client.create(top, b"")
    client.set(top, b"data")
    client.set_acls(top, [make_digest_acl("u", "p", all=True)])
    client.sync(top)
    transaction = client.transaction()
    transaction.check(top, 1)
    transaction.create(f"{top}/a", b"1")
    transaction.set_data(f"{top}/a", b"2")
    transaction.delete(f"{top}/a")
    transaction.commit()
    with contextlib.suppress(Exception):
        client.delete(f"{top}/not-there")
    client.create(f"{top}/e", ephemeral=True)
    client.create(f"{top}/stat", include_data=True)
    client.delete(f"{top}/e")
    client.stop()
    client.close()
    with RawClient(member.server.host, member.server.port, 6000) as raw:
        raw.create_ttl(f"{top}/ttl", 60_000)
        raw.call(Op.CREATE_CONTAINER, create_body(f"{top}/container", b"", Flag.CONTAINER))
        raw.create(f"{top}/container/child")
        raw.delete(f"{top}/container/child")
        wait_until(lambda: raw.exists(f"{top}/container").err, 20, "the container to be removed")


def reconfigure(ensemble):
    """A fourth voter, which is the observer: a reconfiguration that all are told of."""
    client = KazooClient(ensemble.follower().address, timeout=6)
    client.start(timeout=15)
    number = len(ensemble.members)
    host, quorum, election = ensemble.network.addresses(number, number)
    client.reconfig(
        joining=f"server.{number}={host}:{quorum}:{election}:participant;2181", leaving=None,
        new_members=None)
    client.stop()
    client.close()


def hand_made_learner(ensemble):
    """One that claims what the leader does not have, and asks for a session that never was."""
    leader = ensemble.leader()
    epoch = leader.zxid() >> 32
    received = b""
    with socket.create_connection((leader.server.host, QUORUM_PORT), timeout=5) as peer:

        def send(kind, zxid, data):
            peer.sendall(Writer().int(kind).long(zxid).buffer(data).int(-1).bytes)

        # The number of nobody: it observes nothing and counts for nothing.
        info = Writer().long(99).int(0x10000).long(0).bytes
        send(FOLLOWERINFO, (epoch - 1) << 32, info)
        received += peer.recv(1 << 16)
        send(ACKEPOCH, leader.zxid() + 5, Writer().int(epoch - 1).bytes)
        peer.settimeout(1.0)
        with contextlib.suppress(TimeoutError):
            while b"version=" not in received:
                received += peer.recv(1 << 16)
        send(ACK, epoch << 32, None)
        time.sleep(0.3)
        send(ACK, epoch << 32, None)
        send(REVALIDATE, -1, Writer().long(0x300001234ABCD).int(6000).bytes)
        with contextlib.suppress(TimeoutError):
            while piece := peer.recv(1 << 16):
                received += piece
    return list(packets(received, is_leader=True))


def hand_made_voter(observer):
    """One that asks an observer who leads: Apache's servers ask voters only."""
    with socket.create_connection((observer.server.host, ELECTION_PORT), timeout=5) as peer:
        peer.sendall(Writer().long(-65536).long(99).string("127.0.0.1:9").bytes)
        looking = Writer().int(0).long(99).long(0).long(1).long(0).int(2).buffer(b"").bytes
        peer.sendall(Writer().buffer(looking).bytes)
        received = peer.recv(1 << 16)
    return list(notifications(received))


def write(seen, options):
    for name, data in sorted(seen.items()):
        path = FIXTURES / f"{name}.hex"
        state = "there" if path.exists() else "new"
        if state == "new" or options.again:
            lines = "\n".join(data[at : at + 32].hex() for at in range(0, len(data), 32))
            path.write_text(WHAT.format(name.partition("/")[2]) + lines + "\n")
            state = "written"
        print(f"{state:8} {len(data):6} bytes  {name}")
    missing = [
        path for path in sorted(FIXTURES.glob("*/*.hex"))
        if f"{path.parent.name}/{path.stem}" not in seen]
    for path in missing:
        print(f"{'kept':8} {'':6}        {path.parent.name}/{path.stem}: not seen this time")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--again", action="store_true", help="write those too that are there already")
    return parser.parse_args()


if __name__ == "__main__":
    main()
