"""Sessions: what a lost connection keeps, what an expiry takes, and how long each waits."""

import contextlib
import socket
import time

import pytest
from kazoo.protocol.states import KazooState
from support.wire import (
    PING_XID, Disconnected, Err, Flag, Op, RawClient, Session, SessionRefused, path_watch_body)


def cut(client):
    """Drops the TCP connection under a kazoo client, which knows nothing of it beforehand."""
    client._connection._socket.shutdown(socket.SHUT_RDWR)


def test_closing_a_session_removes_its_ephemerals_before_the_answer(zk, another):
    owner = another()
    owner.create("/e", b"", ephemeral=True)
    owner.create("/seq-", b"", ephemeral=True, sequence=True)
    assert len(zk.get_children("/")) == 2
    owner.stop()
    assert zk.get_children("/") == []


def test_an_expired_session_loses_its_ephemerals_and_nobody_elses(raw, root, eventually):
    observer, victim = raw(), raw(timeout_ms=800)
    victim.create(f"{root}/e", flags=Flag.EPHEMERAL)
    observer.create(f"{root}/mine", flags=Flag.EPHEMERAL)
    victim.drop()
    dropped = time.monotonic()
    eventually(lambda: observer.exists(f"{root}/e").err == Err.NO_NODE, what="the expiry")
    waited = time.monotonic() - dropped
    assert waited >= 0.7, f"expired after {waited:.2f} s of 0.8 s"
    assert waited < 4.0
    assert observer.exists(f"{root}/mine").err == Err.OK


def test_pings_keep_a_session_alive_past_its_timeout(raw, root):
    observer, client = raw(), raw(timeout_ms=800)
    client.create(f"{root}/e", flags=Flag.EPHEMERAL)
    for _ in range(10):
        time.sleep(0.2)
        client.drain_events()
    assert observer.exists(f"{root}/e").err == Err.OK


def test_an_expired_session_is_refused_at_reconnect(raw, root, eventually, server):
    observer, victim = raw(), raw(timeout_ms=400)
    victim.create(f"{root}/e", flags=Flag.EPHEMERAL)
    victim.drop()
    eventually(lambda: observer.exists(f"{root}/e").err == Err.NO_NODE, what="the expiry")
    with pytest.raises(SessionRefused):
        victim.connect()


def test_a_dropped_connection_keeps_the_session_and_its_ephemerals(zk, another, eventually):
    client = another()
    client.create("/e", b"", ephemeral=True)
    session = client.client_id
    states = []
    client.add_listener(states.append)
    cut(client)
    eventually(lambda: KazooState.CONNECTED in states, what="the reconnect")
    assert KazooState.SUSPENDED in states
    assert client.client_id == session
    assert zk.exists("/e").ephemeralOwner == session[0]


def test_watches_set_before_a_dropped_connection_still_fire(zk, another, eventually):
    client = another()
    zk.create("/a", b"")
    fired, states = [], []
    client.DataWatch("/a", lambda data, stat: fired.append(data))
    client.add_listener(states.append)
    cut(client)
    eventually(lambda: KazooState.CONNECTED in states, what="the reconnect")
    zk.set("/a", b"after the cut")
    eventually(lambda: b"after the cut" in fired, what="the watch")


def test_kazoo_notices_that_its_session_expired(zk, another, raw, eventually):
    client = another()
    client.create("/e", b"", ephemeral=True)
    states = []
    client.add_listener(states.append)
    session_id, password = client.client_id
    # Another connection of the same session closes it; the client is cut off and finds it gone.
    thief = raw_of_session(raw, session_id, password)
    thief.close()
    eventually(lambda: KazooState.LOST in states, what="the loss of the session")
    eventually(lambda: states[-1] == KazooState.CONNECTED, what="a new session")
    assert client.client_id[0] != session_id
    assert zk.exists("/e") is None


def ask_for_many_mib(client, path, count):
    """A long download: more than is sent ahead, so that nothing further is read from the client."""
    assert client.create(path, bytes(900_000)).err == Err.OK
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 17)
    for _ in range(count):
        client.send(Op.GET_DATA, path_watch_body(path))


def take_slowly(client, bytes_per_second, seconds):
    begun, taken = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        piece = client.socket.recv(1 << 15)
        assert piece, f"the connection ended after {time.monotonic() - begun:.1f} s"
        client.pending_bytes += piece
        taken += len(piece)
        time.sleep(max(0.0, begun + taken / bytes_per_second - time.monotonic()))


def test_a_session_outlives_its_timeout_while_its_client_downloads_slowly(raw, root):
    """So slowly that what the server has sent ahead lasts for longer than the timeout."""
    observer, slow = raw(), raw(timeout_ms=1500)
    slow.create(f"{root}/e", flags=Flag.EPHEMERAL)
    ask_for_many_mib(slow, f"{root}/big", 30)
    for _ in range(5):
        # The ping waits behind the requests that are not read.
        slow.send(Op.PING, xid=PING_XID)
        take_slowly(slow, bytes_per_second=600_000, seconds=1.2)
        assert observer.exists(f"{root}/e").err == Err.OK
    assert all(len(slow.read_reply().body.data) > 900_000 for _ in range(30))
    assert [slow.read_reply().xid for _ in range(5)] == [PING_XID] * 5
    assert slow.exists(f"{root}/e").err == Err.OK


@pytest.mark.ours_only("it reads on, and queues replies without a bound")
def test_a_session_whose_client_takes_no_replies_expires_whatever_it_sends(raw, root, eventually):
    observer, stuck = raw(), raw(timeout_ms=1000)
    stuck.create(f"{root}/e", flags=Flag.EPHEMERAL)
    ask_for_many_mib(stuck, f"{root}/big", 40)

    def is_gone():
        with contextlib.suppress(Disconnected):
            stuck.send(Op.PING, xid=PING_XID)
        return observer.exists(f"{root}/e").err == Err.NO_NODE

    begun = time.monotonic()
    eventually(is_gone, what="the expiry")
    assert 0.8 < time.monotonic() - begun < 5
    stuck.drop()


def test_a_session_that_moves_to_a_new_connection_ends_the_old_one(raw, root):
    first = raw()
    first.create(f"{root}/e", flags=Flag.EPHEMERAL)
    second = raw_of_session(raw, first.session.id, first.session.password)
    assert second.session.id == first.session.id
    assert second.exists(f"{root}/e").err == Err.OK
    assert second.create(f"{root}/e2", flags=Flag.EPHEMERAL).err == Err.OK


def test_a_session_survives_ten_reconnects_in_a_row(raw, root):
    client = raw()
    client.create(f"{root}/e", flags=Flag.EPHEMERAL)
    session = client.session.id
    for _ in range(10):
        client.reconnect()
        assert client.session.id == session
    assert client.exists(f"{root}/e").err == Err.OK


def test_two_hundred_sessions_at_once_each_have_their_own_ephemeral(server, raw, root):
    observer = raw()
    clients = [RawClient(server.host, server.port).connect() for _ in range(200)]
    assert len({client.session.id for client in clients}) == 200
    for number, client in enumerate(clients):
        assert client.create(f"{root}/e{number}", flags=Flag.EPHEMERAL).err == Err.OK
    assert len(observer.children(root).body.strings()) == 200
    for client in clients[:100]:
        client.close()
    assert len(observer.children(root).body.strings()) == 100
    for client in clients[100:]:
        client.close()
    assert observer.children(root).body.strings() == []


def raw_of_session(raw, session_id, password):
    return raw(session=Session(session_id, password))
