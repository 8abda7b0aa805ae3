"""Sessions of an ensemble: they outlive servers and leaders, move, expire and close everywhere."""

import contextlib
import time

import pytest
from kazoo.client import KazooState
from support.ensemble_steps import OUTAGE_LIMIT_S, path_of_test, sync
from support.member import wait_until
from support.trees import check_identical
from support.wire import Disconnected, Err, Flag, Session

SESSION_MOVED = -118

ours_only = pytest.mark.ours_only


def server_of(zk, ensemble):
    """The member that a kazoo client is connected to."""
    address = zk._connection._socket.getpeername()
    return next(
        member for member in ensemble.members
        if (member.server.host, member.server.port) == address[:2])


@pytest.mark.parametrize("victim", ["its own server", "the leader"])
def test_a_session_survives_a_kill_with_its_ephemerals_and_watches(ensemble, kazoo, victim):
    top = path_of_test()
    zk, other = kazoo(first=ensemble.follower()), kazoo(first=ensemble.leader())
    session, states, seen = zk.client_id, [], []
    zk.add_listener(states.append)
    zk.create(f"{top}/ephemeral", b"mine", ephemeral=True, makepath=True)
    zk.create(f"{top}/watched", b"0")
    zk.DataWatch(f"{top}/watched", lambda data, stat: seen.append(data))
    member = ensemble.leader() if victim == "the leader" else server_of(zk, ensemble)
    member.kill()
    ensemble.wait_for_leader(ensemble.others(member))
    assert other.retry(other.set, f"{top}/watched", b"1").version >= 1
    wait_until(lambda: b"1" in seen, OUTAGE_LIMIT_S, "the watch fires")
    assert zk.retry(zk.get, f"{top}/watched")[0] == b"1"
    assert zk.client_id == session
    assert KazooState.LOST not in states
    stat = zk.retry(zk.exists, f"{top}/ephemeral")
    assert stat is not None and stat.ephemeralOwner == session[0]
    ensemble.mend()
    tree = check_identical(ensemble.members)
    assert tree[f"{top}/ephemeral"]["data"] == b"mine"


@ours_only("a server that has lost its leader closes all connections")
def test_clients_of_a_follower_keep_their_connection_when_the_leader_dies(ensemble, client_of):
    path, leader = path_of_test(), ensemble.leader()
    clients = [client_of(member, patience_s=OUTAGE_LIMIT_S) for member in ensemble.followers()]
    assert clients[0].create(path).err == Err.OK
    leader.kill()
    for number, client in enumerate(clients):
        assert client.set(path, b"%d" % number, number).err == Err.OK


def test_a_session_outlives_a_change_of_leader_that_is_longer_than_its_time_out(
        ensemble, client_of):
    top = path_of_test()
    session = Session()
    client = client_of(ensemble.follower(), timeout_ms=1500, session=session)
    client.create(top)
    assert client.create(f"{top}/e", flags=Flag.EPHEMERAL).err == Err.OK
    ensemble.kill_all()
    for member in ensemble.members:
        member.start()
    leader = ensemble.wait_for_leader()
    again = client_of(leader, timeout_ms=1500, session=session)
    assert again.exists(f"{top}/e").err == Err.OK


@ours_only("it expires every session that it could not hear of")
def test_a_pause_of_all_members_expires_nobody(ensemble, client_of):
    path, session = path_of_test(), Session()
    client = client_of(ensemble.follower(), timeout_ms=1000, session=session)
    assert client.create(path, flags=Flag.EPHEMERAL).err == Err.OK
    for member in ensemble.members:
        member.pause()
    time.sleep(2.5)
    for member in ensemble.members:
        member.resume()
    leader = ensemble.wait_for_leader()
    again = client_of(leader, timeout_ms=1000, session=session)
    assert again.exists(path).err == Err.OK


def test_the_ephemerals_of_a_client_that_died_go_at_every_member(ensemble, client_of):
    top = path_of_test()
    observer = client_of(ensemble.leader())
    observer.create(top)
    dying = [client_of(member, timeout_ms=1000) for member in ensemble.members]
    for number, client in enumerate(dying):
        assert client.create(f"{top}/e{number}", flags=Flag.EPHEMERAL).err == Err.OK
    for client in dying:
        client.drop()
    for member in ensemble.members:
        client = client_of(member)
        wait_until(
            lambda client=client: client.children(top).body.strings() == [],
            OUTAGE_LIMIT_S, f"the ephemerals are gone at {member}")


def test_a_session_that_moved_writes_where_it_is_now_and_not_where_it_was(ensemble, client_of):
    path = path_of_test()
    session = Session()
    one, other = ensemble.followers()
    before = client_of(one, session=session)
    assert before.create(path, flags=Flag.EPHEMERAL).err == Err.OK
    now = client_of(other, session=session)
    assert now.session.id == before.session.id
    assert now.set(path, b"moved").err == Err.OK
    with contextlib.suppress(Disconnected, OSError):
        assert before.set(path, b"too late").err == SESSION_MOVED
    assert now.get(path).body.buffer() == b"moved"
    assert now.set(path, b"still mine").err == Err.OK


def test_a_closed_session_is_closed_for_every_member(ensemble, client_of):
    path = path_of_test()
    one, other = ensemble.followers()
    client = client_of(one)
    assert client.create(path, flags=Flag.EPHEMERAL).err == Err.OK
    session = client.session
    client.close()
    with pytest.raises(Exception, match="session 0x"):
        client_of(other, session=session)
    for member in ensemble.members:
        checker = client_of(member)
        sync(checker)
        assert checker.exists(path).err == Err.NO_NODE
