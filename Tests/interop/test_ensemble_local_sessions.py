"""Local sessions: known to one server, upgraded when they need to be known to all."""

import re
import shutil
import subprocess

import pytest
from kazoo.client import KazooState
from support.ensemble_steps import OUTAGE_LIMIT_S, holds_within, path_of_test
from support.member import wait_until
from support.servers import APACHE_JARS
from support.trees import check_identical
from support.wire import (
    Disconnected, Err, Flag, Op, RawClient, Session, SessionRefused, create_body, multi_errors)

LOCAL = {"localSessionsEnabled": "true"}
UPGRADED = {**LOCAL, "localSessionsUpgradingEnabled": "true"}

needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="no java on this machine")


@pytest.fixture
def local(new_ensemble):
    return new_ensemble(observers=1, config=LOCAL)


@pytest.fixture
def upgraded(new_ensemble):
    return new_ensemble(config=UPGRADED)


def counts(member):
    said = member.mntr()
    return int(said["local_sessions"]), int(said["global_sessions"])


def is_refused(member, session):
    """Whether a member says that the session has expired."""
    client = RawClient(member.server.host, member.server.port, session=session)
    try:
        client.connect()
    except SessionRefused:
        return True
    finally:
        client.drop()
    return False


def expect_nothing_dangling(ensemble):
    """No ephemeral without a session, the same at every member."""
    for member in ensemble.members:
        text = member.server.ask("dump")
        owners = set(re.findall(r"^(0x[0-9a-f]+):$", text, re.MULTILINE))
        head = text.partition("ephemeral nodes dump:")[0]
        sessions = set(re.findall(r"^\t?(0x[0-9a-f]+)\b", head, re.MULTILINE))
        assert owners <= sessions, f"{member}\n{text}"


def test_they_begin_and_end_without_a_transaction_at_every_member(local, client_of):
    before = local.leader().zxid()
    for member in local.members:
        client = client_of(member)
        assert client.exists("/absent", watch=True).err == Err.NO_NODE
        assert counts(member) == (1, 0)
        assert client.call(Op.CLOSE).err == Err.OK
        with pytest.raises(Disconnected):
            client.read_frame()
        wait_until(lambda member=member: counts(member) == (0, 0), 10, "it is gone")
    assert {member.zxid() for member in local.members} == {before}


def test_they_read_watch_and_write_like_any_other(local, client_of):
    top = path_of_test()
    assert client_of(local.leader()).create(top).err == Err.OK
    for member in local.members:
        client, path = client_of(member), f"{top}/n{member.number}"
        assert client.exists(path, watch=True).err == Err.NO_NODE
        assert client.create(path, b"1").err == Err.OK
        assert client.wait_for_event().path == path
        assert client.set(path, b"2", 0).err == Err.OK
        assert client.get(path).body.buffer() == b"2"
        assert client.create(f"{path}/s-", flags=Flag.SEQUENTIAL).err == Err.OK
        assert client.create_ttl(f"{path}/ttl", 60_000).err == Err.OK
        assert client.create(path).err == Err.NODE_EXISTS
        assert counts(member)[0] >= 1
    check_identical(local.members)


def test_ephemerals_are_refused_where_sessions_are_not_upgraded(local, client_of):
    for member in local.members:
        client, path = client_of(member), path_of_test()
        for flags in (Flag.EPHEMERAL, Flag.EPHEMERAL_SEQUENTIAL):
            assert client.create(path, flags=flags).err == Err.EPHEMERAL_ON_LOCAL_SESSION
            reply = client.call(Op.CREATE2, create_body(path, flags=flags))
            assert reply.err == Err.EPHEMERAL_ON_LOCAL_SESSION
        reply = client.multi([
            (Op.CREATE, create_body(path)),
            (Op.CREATE, create_body(f"{path}/e", flags=Flag.EPHEMERAL))])
        first, second = multi_errors(reply.body)
        assert first == Err.OK and second != Err.OK
        assert client.exists(path).err == Err.NO_NODE
        assert client.create(path).err == Err.OK


def test_another_member_does_not_know_them(local, client_of):
    for member in local.voters:
        client = client_of(member)
        other = local.others(member)[0]
        assert is_refused(other, client.session)
        assert client.create(path_of_test()).err == Err.OK
        client.drop()
        again = client_of(member, session=client.session)
        assert again.exists("/").err == Err.OK


def test_a_silent_one_expires_and_one_that_pings_does_not(local, client_of):
    for member in local.members:
        silent = client_of(member, timeout_ms=1000)
        lively = client_of(member, timeout_ms=1000)
        silent.drop()

        def is_gone(lively=lively, member=member):
            lively.drain_events()
            return counts(member)[0] == 1

        wait_until(is_gone, 10, "the silent one is gone")
        assert is_refused(member, silent.session)
        assert lively.exists("/").err == Err.OK
        lively.close()


def test_dump_tells_them_apart(upgraded, client_of):
    follower, leader = upgraded.follower(), upgraded.leader()
    here, owner = client_of(follower), client_of(follower)
    there = client_of(leader)
    assert owner.create(path_of_test(), flags=Flag.EPHEMERAL).err == Err.OK
    text = follower.server.ask("dump")
    local_ids, global_ids = re.search(
        r"dump:\nLocal Session Sets \(\d+\)/\(1\):\n(.*)Global Sessions\(1\):\n(.*)ephemeral",
        text, re.DOTALL).groups()
    assert f"\t0x{here.session.id:x}\n" in local_ids
    assert global_ids == f"0x{owner.session.id:x}\t{owner.negotiated_ms}ms\n"
    text = leader.server.ask("dump")
    local_ids, global_ids = re.search(
        r"Local Session Sets \(\d+\)/\(1\):\n(.*)Global Session Sets \(\d+\)/\(1\):\n(.*)ephemeral",
        text, re.DOTALL).groups()
    assert f"\t0x{there.session.id:x}\n" in local_ids
    assert f"\t0x{owner.session.id:x}\n" in global_ids


def test_an_ephemeral_upgrades_its_session_which_keeps_its_watches_and_then_moves(
        upgraded, client_of):
    for member in upgraded.members:
        path, client = path_of_test(), client_of(member)
        known, (_, others) = (client.session.id, client.session.password), counts(member)
        assert client.exists(path, watch=True).err == Err.NO_NODE
        assert client.create(path, flags=Flag.EPHEMERAL).err == Err.OK
        assert client.wait_for_event().path == path
        assert counts(member) == (0, others + 1)
        for other in upgraded.others(member):
            moved = client_of(other, session=client.session)
            assert (moved.session.id, moved.session.password) == known
            assert moved.set(path, b"%d" % other.number).err == Err.OK
            moved.drop()
    tree = check_identical(upgraded.members)
    assert len([path for path in tree if path.startswith("/test")]) >= len(upgraded.members)
    expect_nothing_dangling(upgraded)


def test_a_multi_with_an_ephemeral_upgrades_and_other_writes_do_not(upgraded, client_of):
    member, path = upgraded.follower(), path_of_test()
    client = client_of(member)
    assert client.create(path).err == Err.OK
    assert client.create_ttl(f"{path}/ttl", 60_000).err == Err.OK
    reply = client.call(Op.CREATE_CONTAINER, create_body(f"{path}/c", flags=Flag.CONTAINER))
    assert reply.err == Err.OK
    assert multi_errors(client.multi([(Op.CREATE, create_body(f"{path}/m"))]).body) == [0]
    assert counts(member)[0] == 1
    reply = client.multi([
        (Op.CREATE, create_body(f"{path}/m2")),
        (Op.CREATE, create_body(f"{path}/e", flags=Flag.EPHEMERAL))])
    assert multi_errors(reply.body) == [0, 0]
    assert counts(member)[0] == 0
    client.close()
    checker = client_of(upgraded.leader())
    wait_until(lambda: checker.exists(f"{path}/e").err == Err.NO_NODE, 10, "it is gone")
    assert checker.exists(f"{path}/m2").err == Err.OK
    expect_nothing_dangling(upgraded)


@pytest.mark.parametrize("victim", ["its own server", "the leader"])
def test_a_kill_during_an_upgrade_leaves_nothing_dangling(upgraded, client_of, victim):
    """R-2926, R-3471: the session and what it owns live, or both are gone."""
    top = path_of_test()
    member = upgraded.follower()
    assert client_of(upgraded.leader()).create(top).err == Err.OK
    clients = [client_of(member, timeout_ms=2000) for _ in range(20)]
    for number, client in enumerate(clients):
        client.send(Op.CREATE, create_body(f"{top}/e{number}", flags=Flag.EPHEMERAL))
    (member if victim == "its own server" else upgraded.leader()).kill()
    for client in clients:
        client.drop()
    upgraded.mend()
    checker = client_of(upgraded.leader())
    wait_until(
        lambda: checker.children(top).body.strings() == [], OUTAGE_LIMIT_S,
        "nobody is left of the clients, nor what they owned")
    for member in upgraded.members:
        assert all(is_refused(member, client.session) for client in clients)
    check_identical(upgraded.members)
    expect_nothing_dangling(upgraded)


def test_kazoo_takes_a_lock_and_keeps_it_when_its_server_dies(upgraded, kazoo_at):
    member, top = upgraded.follower(), path_of_test()
    zk = kazoo_at(upgraded, first=member)
    other = kazoo_at(upgraded, first=upgraded.leader())
    states = []
    zk.add_listener(states.append)
    zk.ensure_path(top)
    session = zk.client_id
    assert counts(member) == (1, 0)
    lock = zk.Lock(f"{top}/lock", "me")
    assert lock.acquire(timeout=10)
    assert counts(member) == (0, 1)
    assert not other.Lock(f"{top}/lock", "other").acquire(blocking=False)
    member.kill()
    assert zk.retry(zk.exists, f"{top}/lock/{lock.node}") is not None
    assert zk.client_id == session
    assert KazooState.LOST not in states
    assert not holds_within(
        lambda: other.Lock(f"{top}/lock", "other").acquire(blocking=False), 1)
    zk.retry(lock.release)
    wait_until(
        lambda: other.Lock(f"{top}/lock", "other").acquire(blocking=False), 10, "the lock is free")


@needs_java
@pytest.mark.parametrize("is_upgraded", [True, False], ids=["upgraded", "refused"])
def test_the_java_client_creates_an_ephemeral_or_is_told_why_not(
        new_ensemble, tmp_path, is_upgraded):
    ensemble = new_ensemble(config=UPGRADED if is_upgraded else LOCAL)
    path = path_of_test()
    for member in (ensemble.follower(), ensemble.leader()):
        script = f"create {path}{member.number} x\ncreate -e {path}{member.number}/e mine\n"
        script += f"set {path}{member.number} y\nget {path}{member.number}\nquit\n"
        done = subprocess.run(
            ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{tmp_path}:{APACHE_JARS}",
             "org.apache.zookeeper.ZooKeeperMain", "-server", member.address],
            input=script, capture_output=True, text=True, timeout=60, check=False)
        said = done.stdout + done.stderr
        assert f"Created {path}{member.number}\n" in said
        assert ("ephemeral node on a local session" in said) == (not is_upgraded)
        assert (f"Created {path}{member.number}/e" in said) == is_upgraded
        assert "\ny\n" in said


def test_sessions_end_with_the_server_that_knew_them(local, client_of):
    member = local.follower()
    client, path = client_of(member), path_of_test()
    assert client.create(path).err == Err.OK
    member.kill()
    client.drop()
    local.mend()
    session = Session(client.session.id, client.session.password)
    assert all(is_refused(other, session) for other in local.members)
    assert client_of(member).exists(path).err == Err.OK
