"""Ensembles that work: formation, more members, other clients, strangers."""

import contextlib
import shutil
import subprocess

import pytest
from support.ensemble import FORMATION_LIMIT_S
from support.ensemble_steps import OUTAGE_LIMIT_S, audit, path_of_test, sync, wait_for_progress
from support.hostile_peers import HostilePeers
from support.member import FOLLOWER, LEADER, OBSERVER, wait_until
from support.servers import APACHE_JARS
from support.trees import check_identical
from support.wire import Disconnected, Err, Flag, RawClient


def test_three_servers_form_an_ensemble_and_each_takes_writes_that_all_have(ensemble, client_of):
    roles = sorted(member.role() for member in ensemble.members)
    assert roles == [FOLLOWER, FOLLOWER, LEADER]
    top = path_of_test()
    clients = [client_of(member) for member in ensemble.members]
    assert clients[0].create(top).err == Err.OK
    zxids = []
    for number, client in enumerate(clients):
        reply = client.create(f"{top}/n{number}", b"by %d" % number)
        assert reply.err == Err.OK
        zxids.append(reply.zxid)
    assert zxids == sorted(set(zxids))
    for client in clients:
        sync(client)
        for number in range(len(clients)):
            assert client.get(f"{top}/n{number}").body.buffer() == b"by %d" % number
    check_identical(ensemble.members)


def test_a_read_after_sync_has_what_another_member_acknowledged(ensemble, client_of):
    path = path_of_test()
    writer, reader = client_of(ensemble.leader()), client_of(ensemble.follower())
    assert writer.create(path).err == Err.OK
    for number in range(200):
        assert writer.set(path, b"%d" % number).err == Err.OK
        assert sync(reader).err == Err.OK
        assert reader.get(path).body.buffer() == b"%d" % number


def test_an_observer_serves_and_does_not_vote(new_ensemble, loaded, client_of):
    ensemble = new_ensemble(observers=1)
    observer = ensemble.members[-1]
    assert observer.role() == OBSERVER
    load = loaded(ensemble)
    path, client = path_of_test(), client_of(observer)
    assert client.create(path, b"by an observer").err == Err.OK
    observer.kill()
    wait_for_progress(load)
    observer.start()
    ensemble.wait_for_role(observer, OBSERVER)
    leader = ensemble.leader()
    leader.kill()
    ensemble.wait_for_leader(ensemble.others(leader))
    ensemble.wait_for_role(observer, OBSERVER)
    # One voter of three and an observer are no quorum.
    client = client_of(ensemble.leader(), patience_s=1.0)
    ensemble.follower().kill()
    with contextlib.suppress(Disconnected, OSError):
        assert client.create(path_of_test()).err != Err.OK
    ensemble.mend()
    audit(ensemble, load)


def test_five_servers_go_on_without_two_of_them(new_ensemble, loaded):
    ensemble = new_ensemble(voters=5)
    load = loaded(ensemble)
    leader = ensemble.leader()
    victims = [leader, ensemble.follower()]
    for victim in victims:
        victim.kill()
    ensemble.wait_for_leader([it for it in ensemble.members if it not in victims])
    wait_for_progress(load)
    for victim in victims:
        victim.start()
        ensemble.wait_for_role(victim)
    audit(ensemble, load)


@pytest.mark.skipif(shutil.which("java") is None, reason="no java on this machine")
def test_the_java_client_keeps_session_and_watch_when_the_leader_is_killed(
        ensemble, client_of, tmp_path):
    path, watched = path_of_test(), path_of_test()
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{tmp_path}:{APACHE_JARS}",
               "org.apache.zookeeper.ZooKeeperMain", "-server", ensemble.hosts]
    log = tmp_path / "zkcli.log"
    with log.open("wb") as output:
        java = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output)

    def run_until(line, sign):
        """Repeats a command until its answer is there: it may meet a server that just died."""
        answers = log.read_text().count(sign)

        def answered():
            java.stdin.write(f"{line}\n".encode())
            java.stdin.flush()
            with contextlib.suppress(AssertionError):
                return wait_until(lambda: log.read_text().count(sign) > answers, 2, sign)
            return False

        wait_until(answered, OUTAGE_LIMIT_S, lambda: f"{line}: {log.read_text()[-2000:]}")

    try:
        run_until(f"create -e {path} mine", f"Created {path}\n")
        run_until(f"create {watched} 0", f"Created {watched}\n")
        run_until(f"get -w {watched}", "\n0\n")
        leader = ensemble.leader()
        leader.kill()
        new = ensemble.wait_for_leader(ensemble.others(leader))
        run_until(f"get {path}", "\nmine\n")
        assert client_of(new).set(watched, b"1").err == Err.OK
        fired = f"type:NodeDataChanged path:{watched}\n"
        wait_until(lambda: fired in log.read_text(), OUTAGE_LIMIT_S, "the watch fires")
        run_until(f"set -s {path} changed", "dataVersion")
        run_until(f"get {path}", "\nchanged\n")
        assert "Expired" not in log.read_text()
    finally:
        java.kill()
        java.wait()


def test_a_leader_that_is_not_to_serve_takes_no_clients(new_ensemble, client_of):
    ensemble = new_ensemble(start=False, config={"leaderServes": "no"})
    for member in ensemble.members:
        member.start()
    wait_until(
        lambda: len(ensemble.followers()) == 2, FORMATION_LIMIT_S,
        lambda: f"two followers serve\n{ensemble.logs(10)}")
    followers = ensemble.followers()
    leader = next(member for member in ensemble.members if member not in followers)
    assert leader.server.ask("srvr") == (
        "This ZooKeeper instance is not currently serving requests\n")
    assert leader.server.ask("isro") == "null"
    assert leader.server.ask("ruok") == "imok"
    with pytest.raises((Disconnected, OSError)):
        RawClient(leader.server.host, leader.server.port).connect()
    top = path_of_test()
    clients = {member: client_of(member, timeout_ms=20_000) for member in followers}
    assert clients[followers[0]].create(top).err == Err.OK
    for member, client in clients.items():
        reply = client.create(f"{top}/e{member.number}", flags=Flag.EPHEMERAL)
        assert reply.err == Err.OK
    # One of them leads next, and sends its client to the other.
    leader.kill()

    def takes_writes(member):
        with contextlib.suppress(Disconnected, OSError):
            with RawClient(member.server.host, member.server.port, patience_s=5.0) as client:
                return client.set(top, b"led by another").err == Err.OK
        return False

    serving = wait_until(
        lambda: next(filter(takes_writes, followers), None), FORMATION_LIMIT_S,
        lambda: f"one leads\n{ensemble.logs(10)}")
    other = next(member for member in followers if member is not serving)
    with pytest.raises((Disconnected, OSError)):
        while True:
            clients[other].drain_events()
    for client in clients.values():
        client.drop()
        again = client_of(serving, timeout_ms=20_000, session=client.session)
        assert again.exists(f"{top}/e{other.number}").err == Err.OK


def test_hostile_bytes_on_the_ports_for_members_disturb_nobody(ensemble, loaded):
    load = loaded(ensemble)
    peers = HostilePeers([
        (member.server.host, port) for member in ensemble.members
        for port in ensemble.network.peer_ports(member.number)])
    leader, epoch = ensemble.leader(), ensemble.leader().zxid() >> 32
    resident = [member.server.resident_mib() for member in ensemble.members]
    try:
        for _ in range(10):
            peers.attack(40)
            wait_for_progress(load, writes=10)
        if not ensemble.is_apache:
            # An election among strangers' connections, some of which are still open.
            assert (ensemble.leader(), leader.zxid() >> 32) == (leader, epoch)
            leader.kill()
            new = ensemble.wait_for_leader(ensemble.others(leader))
            wait_for_progress(load)
            assert new.zxid() >> 32 == epoch + 1
            grown = [
                member.server.resident_mib() - before
                for member, before in zip(ensemble.members, resident) if member is not leader]
            assert max(grown) < 300
    finally:
        peers.close()
    audit(ensemble, load)
