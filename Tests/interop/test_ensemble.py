"""Three servers and more: what a minority may suffer without anyone losing anything.

Short versions; `tools/ensemble-test.sh` is the long one. Most tests share one ensemble and leave it
whole. A load writes and reads all the time, and what it was told is checked in the end
(`support/checks.py`).
"""

import contextlib
import itertools
import shutil
import subprocess

import pytest
from kazoo.client import KazooClient, KazooState
from support import exit_codes
from support.checks import check
from support.ensemble import FOLLOWER, LEADER, OBSERVER, Ensemble, wait_until
from support.hostile_peers import HostilePeers
from support.load import Load
from support.servers import APACHE_JARS
from support.trees import check_identical
from support.wire import Disconnected, Err, Flag, RawClient, Session

numbers = itertools.count(1)

SESSION_MOVED = -118
# How long a fault may keep an ensemble from acknowledging, before a test calls it an outage.
OUTAGE_LIMIT_S = 20

ours_only = pytest.mark.ours_only


@pytest.fixture(scope="module")
def holder(server_class, tmp_path_factory, request):
    """Has the ensemble that tests share, and makes another when a test has spoilt it."""
    made = []

    def get():
        if made:
            try:
                made[-1].mend()
                return made[-1]
            except (AssertionError, RuntimeError):
                made[-1].close()
        made.append(Ensemble(
            server_class, tmp_path_factory.mktemp("ensemble"),
            network=request.config.getoption("--network")).start())
        return made[-1]

    yield get
    if made:
        made[-1].close()


@pytest.fixture
def ensemble(holder):
    return holder()


@pytest.fixture
def new_ensemble(server_class, tmp_path, request):
    """Makes ensembles that belong to the test."""
    made = []

    def make(**options):
        options.setdefault("network", request.config.getoption("--network"))
        made.append(Ensemble(server_class, tmp_path / f"ensemble{len(made)}", **options))
        return made[-1].start()

    yield make
    for ensemble in made:
        ensemble.close()


@pytest.fixture
def loaded():
    """Starts a load on an ensemble; the test ends with `audit`."""
    loads = []

    def start(ensemble, **options):
        loads.append(Load(ensemble, f"/load{next(numbers)}", **options).start())
        wait_for_progress(loads[-1])
        return loads[-1]

    yield start
    for load in loads:
        load.abandon()


@pytest.fixture
def client_of():
    """Raw clients of single members, dropped after the test."""
    clients = []

    def connect(member, timeout_ms=10_000, session=None, patience_s=10.0):
        client = RawClient(
            member.server.host, member.server.port, timeout_ms, session or Session(),
            patience_s=patience_s)
        clients.append(client.connect())
        return client

    yield connect
    for client in clients:
        client.drop()


@pytest.fixture
def kazoo(ensemble):
    """Kazoo clients that know all members, in the order given."""
    clients = []

    def connect(first=None, timeout=10.0):
        members = sorted(ensemble.members, key=lambda member: member is not first)
        hosts = ",".join(member.address for member in members)
        client = KazooClient(hosts=hosts, timeout=timeout, randomize_hosts=False)
        client.start(timeout=15)
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.stop()
        client.close()


def wait_for_progress(load, writes=100, limit_s=OUTAGE_LIMIT_S):
    """Until so many more writes have been acknowledged from now on."""
    goal = load.acknowledged + writes
    wait_until(lambda: load.acknowledged >= goal, limit_s, lambda: f"more writes: {load}")


def audit(ensemble, load):
    """Ends a load, and holds all members to everything that its clients were told."""
    load.stop()
    ensemble.mend()
    tree = check_identical(ensemble.members)
    found = check(load.history, tree, load.top, confirmed_sync=not ensemble.is_apache)
    assert not found, f"{load}\n" + "\n".join(found[:20])
    assert not load.history.refused_sessions, "sessions were lost"


def holds_within(condition, seconds):
    """Whether something that must not happen does, in a time in which it usually would."""
    with contextlib.suppress(AssertionError):
        return wait_until(condition, seconds, "it")
    return False


def path_of_test():
    return f"/test{next(numbers)}"


# Formation and service


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
        client.call(9, b"\0\0\0\1/")
        for number in range(len(clients)):
            assert client.get(f"{top}/n{number}").body.buffer() == b"by %d" % number
    check_identical(ensemble.members)


def test_a_read_after_sync_has_what_another_member_acknowledged(ensemble, client_of):
    path = path_of_test()
    writer, reader = client_of(ensemble.leader()), client_of(ensemble.follower())
    assert writer.create(path).err == Err.OK
    for number in range(200):
        assert writer.set(path, b"%d" % number).err == Err.OK
        assert reader.call(9, b"\0\0\0\1/").err == Err.OK
        assert reader.get(path).body.buffer() == b"%d" % number


# Crashes


@pytest.mark.parametrize("role", [FOLLOWER, LEADER])
def test_a_member_killed_under_load_comes_back_and_nothing_is_lost(ensemble, loaded, role):
    load = loaded(ensemble)
    victim = ensemble.leader() if role == LEADER else ensemble.follower()
    victim.kill()
    ensemble.wait_for_leader(ensemble.others(victim))
    wait_for_progress(load)
    victim.start()
    ensemble.wait_for_role(victim)
    wait_for_progress(load)
    audit(ensemble, load)


def test_all_members_killed_at_once_under_load_have_everything_afterwards(ensemble, loaded):
    load = loaded(ensemble)
    ensemble.kill_all()
    for member in ensemble.members:
        member.start()
    wait_for_progress(load, limit_s=2 * OUTAGE_LIMIT_S)
    audit(ensemble, load)


def test_a_rolling_restart_under_load_loses_nothing(ensemble, loaded):
    load = loaded(ensemble)
    for member in ensemble.followers_first():
        member.stop()
        ensemble.wait_for_leader(ensemble.others(member))
        wait_for_progress(load)
        member.start()
        ensemble.wait_for_role(member)
        wait_for_progress(load)
    audit(ensemble, load)


def test_without_a_quorum_nothing_is_acknowledged_and_with_one_all_is_well(
        ensemble, loaded, client_of):
    load = loaded(ensemble)
    leader, path = ensemble.leader(), path_of_test()
    client = client_of(leader, patience_s=1.0)
    for follower in ensemble.followers():
        follower.kill()
    with contextlib.suppress(Disconnected, OSError):
        reply = client.create(path)
        assert reply.err != Err.OK, "acknowledged by one of three"
    wait_until(lambda: leader.role() is None, OUTAGE_LIMIT_S, f"{leader} steps down")
    acknowledged = load.acknowledged
    for member in ensemble.others(leader):
        member.start()
    wait_for_progress(load)
    assert load.acknowledged > acknowledged
    audit(ensemble, load)


# Pauses and partitions


def test_a_paused_leader_is_replaced_and_follows_when_it_wakes(ensemble, loaded):
    load = loaded(ensemble)
    leader = ensemble.leader()
    leader.pause()
    ensemble.wait_for_leader(ensemble.others(leader))
    wait_for_progress(load)
    leader.resume()
    ensemble.wait_for_role(leader, FOLLOWER)
    audit(ensemble, load)


def test_a_leader_cut_off_from_the_others_acknowledges_nothing_more(
        ensemble, loaded, client_of):
    load = loaded(ensemble)
    leader, path = ensemble.leader(), path_of_test()
    client = client_of(leader, patience_s=OUTAGE_LIMIT_S)
    ensemble.network.isolate(leader.number)
    with contextlib.suppress(Disconnected, OSError):
        reply = client.create(path)
        assert reply.err != Err.OK, "acknowledged without a quorum"
    ensemble.wait_for_leader(ensemble.others(leader))
    wait_for_progress(load)
    wait_until(lambda: leader.role() is None, OUTAGE_LIMIT_S, f"{leader} steps down")
    ensemble.network.heal()
    ensemble.wait_for_role(leader, FOLLOWER)
    audit(ensemble, load)
    for member in ensemble.members:
        assert client_of(member).exists(path).err == Err.NO_NODE


def test_a_leader_that_hears_nobody_is_replaced(ensemble, loaded):
    load = loaded(ensemble)
    leader = ensemble.leader()
    for other in ensemble.others(leader):
        ensemble.network.cut_one_way(other.number, leader.number)
    wait_until(lambda: leader.role() is None, OUTAGE_LIMIT_S, f"{leader} steps down")
    ensemble.network.heal()
    ensemble.wait_for_leader()
    wait_for_progress(load)
    audit(ensemble, load)


def test_followers_that_cannot_reach_each_other_disturb_nobody(ensemble, loaded):
    load = loaded(ensemble)
    leader = ensemble.leader()
    one, other = ensemble.followers()
    ensemble.network.cut(one.number, other.number)
    wait_for_progress(load, writes=1000)
    assert ensemble.leader() is leader
    assert {one.role(), other.role()} == {FOLLOWER}
    audit(ensemble, load)


# Synchronization


def test_a_member_that_lost_its_disk_gets_everything_again(ensemble, loaded):
    load = loaded(ensemble)
    victim = ensemble.follower()
    victim.kill()
    victim.wipe()
    wait_for_progress(load)
    victim.start()
    ensemble.wait_for_role(victim)
    wait_for_progress(load)
    audit(ensemble, load)


def test_a_member_that_was_away_for_thousands_of_writes_catches_up(ensemble, loaded):
    victim = ensemble.follower()
    victim.kill()
    load = loaded(ensemble)
    wait_for_progress(load, writes=3000, limit_s=60)
    victim.start()
    ensemble.wait_for_role(victim)
    audit(ensemble, load)


def test_what_a_dead_leader_had_alone_is_gone_when_it_comes_back(ensemble, client_of):
    leader, top = ensemble.leader(), path_of_test()
    client = client_of(leader, patience_s=1.0)
    assert client.create(top).err == Err.OK
    for other in ensemble.others(leader):
        other.pause()
    with contextlib.suppress(Disconnected, OSError):
        for number in range(20):
            assert client.create(f"{top}/alone{number}").err != Err.OK
    leader.kill()
    for other in ensemble.others(leader):
        other.resume()
    new_leader = ensemble.wait_for_leader(ensemble.others(leader))
    assert client_of(new_leader).create(f"{top}/after").err == Err.OK
    leader.start()
    ensemble.wait_for_role(leader, FOLLOWER)
    ensemble.mend()
    tree = check_identical(ensemble.members)
    assert f"{top}/after" in tree


@ours_only("empty servers vote, and outvote the one that has everything")
def test_lost_disks_are_no_majority_until_the_operator_says_so(ensemble, client_of):
    path = path_of_test()
    assert client_of(ensemble.leader()).create(path, b"kept").err == Err.OK
    ensemble.mend()
    ensemble.kill_all()
    blank = ensemble.members[:2]
    for member in blank:
        member.wipe()
        member.start()
    for member in ensemble.members:
        member.start()
    assert not holds_within(lambda: any(it.role() for it in ensemble.members), 3)
    # With this one, the third is a majority; without the third there is none.
    blank[0].kill()
    (blank[0].server.data_dir / "initialize").touch()
    blank[0].start()
    ensemble.wait_for_leader()
    ensemble.mend()
    for member in ensemble.members:
        assert client_of(member).get(path).body.buffer() == b"kept"
    assert not (blank[0].server.data_dir / "initialize").exists()
    check_identical(ensemble.members)


@ours_only("it takes some damage for the end of the log, and serves without the rest")
def test_a_member_with_a_damaged_log_refuses_to_start_and_the_others_go_on(ensemble, loaded):
    load = loaded(ensemble)
    wait_for_progress(load, writes=500)
    victim = ensemble.follower()
    victim.kill()
    segment = victim.server.segments[-1]
    victim.flip_bit(segment, 5000)
    victim.start()
    assert victim.server.wait_for_exit(10) == exit_codes.DAMAGED_DATA
    assert segment.name in victim.server.log_text()
    wait_for_progress(load)
    victim.wipe()
    victim.start()
    ensemble.wait_for_role(victim)
    audit(ensemble, load)


@pytest.fixture
def small_disk():
    """Mounts small file systems, for as long as the test runs."""
    mounted = []

    def mount(directory, mebibytes):
        directory.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(directory)]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("mounting a tmpfs is not permitted here")
        mounted.append(directory)

    yield mount
    for directory in mounted:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@ours_only("a server whose disk is full goes on in the ensemble")
def test_a_member_whose_disk_is_full_ends_and_comes_back_with_room(
        small_disk, new_ensemble, loaded, tmp_path):
    disk = tmp_path / "ensemble0/server1/data"
    small_disk(disk, 24)
    ensemble = new_ensemble(config={"txnLogSizeLimitInKb": 512})
    load = loaded(ensemble)
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    assert ensemble[1].server.wait_for_exit(60) == exit_codes.STORAGE_FAILED
    wait_for_progress(load)
    filler.unlink()
    ensemble[1].start()
    ensemble.wait_for_role(ensemble[1])
    audit(ensemble, load)
    ensemble.stop_all()


# Sessions


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
        checker.call(9, b"\0\0\0\1/")
        assert checker.exists(path).err == Err.NO_NODE


# More members


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


# Other clients


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


# Strangers


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


@ours_only("zkdump reads our files")
def test_the_disks_of_all_members_are_whole_and_the_same(ensemble, loaded):
    load = loaded(ensemble)
    wait_for_progress(load)
    audit(ensemble, load)
    assert set(ensemble.stop_all().values()) == {exit_codes.STOPPED}
    assert ensemble.offline_findings() == []
