"""Read-only mode: a member without a quorum serves reads to clients that accept it."""

import contextlib
import shutil
import subprocess
import time

import pytest
from kazoo.exceptions import NotReadOnlyCallError
from kazoo.protocol.states import KeeperState
from support.ensemble_steps import OUTAGE_LIMIT_S, holds_within, path_of_test
from support.jute import Writer
from support.member import wait_until
from support.servers import APACHE_JARS
from support.trees import check_identical
from support.wire import (
    Disconnected, Err, Flag, Op, RawClient, SessionRefused, create_body, path_version_body)

READ_ONLY = "read-only"
CONFIG = {
    "readonlymode.enabled": "true", "localSessionsEnabled": "true",
    "localSessionsUpgradingEnabled": "true"}

ours_only = pytest.mark.ours_only


@pytest.fixture
def ensemble(new_ensemble):
    return new_ensemble(config=CONFIG)


def leave_alone(ensemble, member):
    """All others die; the one is left without a quorum, and serves reads."""
    for other in ensemble.others(member):
        other.kill()
    ensemble.wait_for_role(member, READ_ONLY)


def is_closed(client):
    """Whether the server ends the connection instead of answering its connect request."""
    try:
        client.connect()
    except SessionRefused:
        return False
    except Disconnected:
        return True
    finally:
        client.drop()
    return False


@pytest.mark.parametrize("which", ["leader", "follower"])
def test_who_is_left_alone_serves_reads_and_refuses_writes(ensemble, client_of, which):
    path = path_of_test()
    member = ensemble.leader() if which == "leader" else ensemble.follower()
    writer = client_of(member)
    assert writer.create(path, b"data").err == Err.OK
    writer.close()
    leave_alone(ensemble, member)
    client = client_of(member, read_only=True)
    assert client.read_only_byte is True
    assert client.get(path, watch=True).body.buffer() == b"data"
    assert client.exists(f"{path}/absent").err == Err.NO_NODE
    assert client.children("/").err == Err.OK
    refused = [
        (Op.CREATE, create_body(f"{path}/a")), (Op.CREATE2, create_body(f"{path}/a")),
        (Op.CREATE, create_body(f"{path}/a", flags=Flag.EPHEMERAL)),
        (Op.SET_DATA, Writer().string(path).buffer(b"x").int(-1).bytes),
        (Op.DELETE, path_version_body(path)), (Op.CHECK, path_version_body(path)),
        (Op.SYNC, Writer().string(path).bytes),
        (Op.MULTI, Writer().int(-1).bool(True).int(-1).bytes),
    ]
    for op, body in refused:
        assert client.call(op, body).err == Err.NOT_READ_ONLY, op
    assert client.get(path).body.buffer() == b"data"
    assert client.call(Op.CLOSE).err == Err.OK
    with pytest.raises(Disconnected):
        client.read_frame()


def test_other_clients_and_sessions_of_the_ensemble_are_closed(ensemble, client_of):
    member = ensemble.follower()
    owner = client_of(member, timeout_ms=30_000)
    path = path_of_test()
    assert owner.create(path, flags=Flag.EPHEMERAL).err == Err.OK
    owner.drop()
    leave_alone(ensemble, member)
    host, port = member.server.host, member.server.port
    assert is_closed(RawClient(host, port))
    assert is_closed(RawClient(host, port, read_only=None))
    assert is_closed(RawClient(host, port, session=owner.session, read_only=True))
    ensemble.mend()
    # Nobody has forgotten it.
    again = client_of(ensemble.leader(), session=owner.session, read_only=True)
    assert again.read_only_byte is False
    assert again.set(path, b"still mine").err == Err.OK


def test_the_words_say_so(ensemble, client_of):
    member = ensemble.follower()
    assert member.server.ask("isro") == "rw"
    for other in ensemble.others(member):
        other.kill()
    wait_until(lambda: member.server.ask("isro") == "null", 20, "it looks for a leader")
    began = time.monotonic()
    ensemble.wait_for_role(member, READ_ONLY)
    assert time.monotonic() - began > 1.5
    assert member.server.ask("isro") == "ro"
    lines = member.server.ask("srvr").splitlines()
    assert lines[1] == "READ-ONLY mode; serving only read-only clients"
    assert "Mode: read-only" in lines
    client = client_of(member, read_only=True)
    said = member.mntr()
    assert said["server_state"] == READ_ONLY
    assert (said["local_sessions"], said["global_sessions"]) == ("1", "0")
    assert "quorum_size" not in said
    assert f"0x{client.session.id:x}" in member.server.ask("dump")
    assert "peerType=0" in member.server.ask("conf")
    assert "membership" not in member.server.ask("conf")


def test_silent_clients_expire(ensemble, client_of):
    member = ensemble.follower()
    leave_alone(ensemble, member)
    lively = client_of(member, timeout_ms=1000, read_only=True)
    silent = client_of(member, timeout_ms=1000, read_only=True)
    silent.drop()

    def is_gone():
        lively.drain_events()
        return member.mntr()["local_sessions"] == "1"

    wait_until(is_gone, 10, "the silent one is gone")
    with pytest.raises(SessionRefused):
        RawClient(
            member.server.host, member.server.port, session=silent.session,
            read_only=True).connect()


def test_kazoo_reads_and_goes_on_writing_when_there_is_a_quorum_again(ensemble, kazoo_at):
    path, member = path_of_test(), ensemble.follower()
    zk = kazoo_at(ensemble, first=ensemble.leader())
    zk.create(path, b"data")
    zk.stop()
    ensemble.wait_for_all()
    leave_alone(ensemble, member)
    reader = kazoo_at(ensemble, first=member, read_only=True)
    assert reader.client_state == KeeperState.CONNECTED_RO
    assert reader.get(path)[0] == b"data"
    with pytest.raises(NotReadOnlyCallError):
        reader.set(path, b"x")
    ensemble.mend()
    wait_until(
        lambda: reader.client_state == KeeperState.CONNECTED, OUTAGE_LIMIT_S,
        lambda: f"kazoo finds the quorum: {reader.client_state}")
    assert reader.retry(reader.set, path, b"written").version == 1
    check_identical(ensemble.members)


def test_a_client_that_was_there_before_reads_and_then_writes_again(ensemble, kazoo_at):
    path, member = path_of_test(), ensemble.follower()
    zk = kazoo_at(ensemble, first=member, timeout=30.0, read_only=True)
    zk.create(path, b"data")
    leave_alone(ensemble, member)
    wait_until(
        lambda: zk.client_state == KeeperState.CONNECTED_RO, OUTAGE_LIMIT_S,
        lambda: f"kazoo is served reads: {zk.client_state}")
    assert zk.get(path)[0] == b"data"
    ensemble.mend()
    wait_until(
        lambda: zk.client_state == KeeperState.CONNECTED, OUTAGE_LIMIT_S,
        lambda: f"kazoo finds the quorum: {zk.client_state}")
    assert zk.retry(zk.set, path, b"again").version == 1


@pytest.mark.skipif(shutil.which("java") is None, reason="no java on this machine")
def test_the_java_client_reads_and_then_writes(ensemble, client_of, tmp_path):
    path, member = path_of_test(), ensemble.follower()
    assert client_of(member).create(path, b"data").err == Err.OK
    leave_alone(ensemble, member)
    log = tmp_path / "zkcli.log"
    hosts = ",".join([member.address] + [other.address for other in ensemble.others(member)])
    with log.open("wb") as output:
        java = subprocess.Popen(
            ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{tmp_path}:{APACHE_JARS}",
             "org.apache.zookeeper.ZooKeeperMain", "-server", hosts, "-r"],
            stdin=subprocess.PIPE, stdout=output, stderr=output)

    def run_until(line, sign):
        answers = log.read_text().count(sign)

        def answered():
            java.stdin.write(f"{line}\n".encode())
            java.stdin.flush()
            with contextlib.suppress(AssertionError):
                return wait_until(lambda: log.read_text().count(sign) > answers, 2, sign)
            return False

        wait_until(answered, OUTAGE_LIMIT_S, lambda: f"{line}: {log.read_text()[-2000:]}")

    try:
        run_until(f"get {path}", "\ndata\n")
        assert "ConnectedReadOnly" in log.read_text()
        run_until(f"set {path} x", "Not a read-only call")
        ensemble.mend()
        run_until(f"set -s {path} written", "dataVersion")
        run_until(f"get {path}", "\nwritten\n")
    finally:
        java.kill()
        java.wait()


def test_a_partitioned_member_serves_reads_of_what_it_had(ensemble, client_of):
    path, member = path_of_test(), ensemble.follower()
    others = ensemble.others(member)
    assert client_of(member).create(path, b"before").err == Err.OK
    ensemble.network.isolate(member.number)
    ensemble.wait_for_role(member, READ_ONLY)
    leader = ensemble.wait_for_leader(others)
    assert client_of(leader).set(path, b"after").err == Err.OK
    client = client_of(member, read_only=True)
    assert client.get(path, watch=True).body.buffer() == b"before"
    ensemble.mend()
    with pytest.raises((Disconnected, OSError)):
        while True:
            client.drain_events()
    again = client_of(member, read_only=True)
    assert again.read_only_byte is False
    wait_until(lambda: again.get(path).body.buffer() == b"after", 10, "it has what was written")
    assert again.set(path, b"by it").err == Err.OK


@ours_only("it shows the whole log, also what no quorum may have")
def test_what_may_not_be_committed_is_shown_to_nobody(ensemble, client_of):
    member = ensemble.follower()
    assert client_of(member).create(path_of_test()).err == Err.OK
    ensemble.kill_all()
    member.start()
    wait_until(
        lambda: "no reads are served" in member.server.log_text(), 30,
        lambda: f"it says why\n{member.server.log_tail()}")
    assert member.role() is None
    assert is_closed(RawClient(member.server.host, member.server.port, read_only=True))
    # With one more it knows, and goes on to know when that one is gone again.
    other = ensemble.others(member)[0]
    other.start()
    ensemble.wait_for_role(member)
    assert client_of(member).create(path_of_test()).err == Err.OK
    other.kill()
    ensemble.wait_for_role(member, READ_ONLY)


def test_it_is_off_unless_asked_for(new_ensemble):
    ensemble = new_ensemble(config={"localSessionsEnabled": "true"})
    member = ensemble.follower()
    for other in ensemble.others(member):
        other.kill()
    assert not holds_within(lambda: member.role() == READ_ONLY, 4)
    assert member.server.ask("isro") == "null"
    client = RawClient(member.server.host, member.server.port, read_only=True)
    with pytest.raises((Disconnected, OSError)):
        client.connect()
