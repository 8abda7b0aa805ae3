"""What was answered is there after a crash; the long form is tools/crash-test.sh."""

import subprocess

import pytest
from support.crash import CRASH_CONFIG, CrashTest
from support.wire import Err, Flag, RawClient, Session, SessionRefused
from support.writer import read_tree

ROUNDS = 5


@pytest.fixture
def crash_test(new_server):
    test = CrashTest(new_server(CRASH_CONFIG), seed=20240611)
    yield test
    test.close()


def test_every_answered_write_survives_a_kill_under_load(crash_test):
    for _ in range(ROUNDS):
        print(crash_test.run_round())
    assert crash_test.answered > 1000


def test_the_older_snapshot_and_the_log_replace_a_lost_newest_one(crash_test):
    lost = 0
    for _ in range(3):
        done = crash_test.run_round(load_s=1.0, lose_snapshot=True)
        print(done)
        lost += "lost" in done.note
    assert lost > 0, "no round had two snapshots"


def test_a_clean_stop_under_load_exits_with_zero_and_loses_nothing(crash_test):
    codes = []
    for _ in range(2):
        print(crash_test.run_round(end=lambda: codes.append(crash_test.server.stop())))
    if not crash_test.server.is_apache:
        assert codes == [0, 0]


def test_two_kills_in_a_row_with_a_start_cut_short_between_lose_nothing(crash_test):
    for head_start_s in (0.02, 0.2):
        print(crash_test.run_round(end=lambda: crash_test.kill_twice(head_start_s)))


def test_the_crash_test_itself_notices_a_lost_an_old_and_an_extra_znode(crash_test):
    """A canary: a comparison that finds nothing wrong with a wrong tree would prove nothing."""
    crash_test.run_round(load_s=0.3)
    writer = crash_test.writers[0]
    right = read_tree(writer.client, writer.top)
    victim = next(path for path, znode in right.znodes.items() if "/n" in path)
    lost, old, extra = right.copy(), right.copy(), right.copy()
    del lost.znodes[victim]
    old.znodes[victim].version += 1
    extra.znodes[f"{writer.top}/extra"] = right.znodes[victim]
    for wrong in (lost, old, extra):
        with pytest.raises(AssertionError, match="no prefix"):
            writer.settle(wrong)


def test_an_idle_restart_changes_no_byte_of_any_stat(new_server):
    server = new_server(CRASH_CONFIG)
    test = CrashTest(server, seed=5, writers=2)
    test.run_round(load_s=0.5)
    for _ in range(3):
        server.restart()
        assert test.compare() == (0, 0)
    test.close()


def test_a_session_survives_a_kill_and_expires_if_its_client_stays_away(new_server, eventually):
    server = new_server()
    stays, leaves = (RawClient(server.host, server.port, ms).connect() for ms in (20_000, 2_000))
    for client, name in ((stays, "stays"), (leaves, "leaves")):
        assert client.create(f"/{name}", flags=Flag.EPHEMERAL).err == Err.OK
        client.drop()
    server.kill()
    server.start()
    with RawClient(server.host, server.port) as observer:
        assert observer.exists("/leaves").err == Err.OK, "expired before its time after a restart"
        eventually(lambda: observer.exists("/leaves").err == Err.NO_NODE, what="the expiry")
        assert observer.exists("/stays").err == Err.OK
        session = Session(stays.session.id, stays.session.password)
        with RawClient(server.host, server.port, session=session) as back:
            assert back.session.id == stays.session.id
            assert back.exists("/stays").err == Err.OK
        assert observer.exists("/stays").err == Err.NO_NODE
    with pytest.raises(SessionRefused):
        leaves.connect()


def test_acls_containers_and_sequence_numbers_survive_a_kill(new_server):
    server = new_server(CRASH_CONFIG)
    with RawClient(server.host, server.port) as client:
        client.create("/guarded", b"x", acl=[(1, "world", "anyone")])
        client.create("/p")
        for _ in range(3):
            client.create("/p/n-", flags=Flag.SEQUENTIAL)
        client.delete("/p/n-0000000002")
        before = client.exists("/p").body.data
    server.kill()
    server.start()
    with RawClient(server.host, server.port) as client:
        assert client.set("/guarded", b"y").err == Err.NO_AUTH
        assert client.exists("/p").body.data[16:] == before[16:]
        name = client.create("/p/n-", flags=Flag.SEQUENTIAL).body.string()
        assert name == "/p/n-0000000003"


def test_zxids_go_on_from_where_they_were_after_a_kill(new_server):
    server = new_server()
    with RawClient(server.host, server.port) as client:
        last = [client.create(f"/n{number}").zxid for number in range(10)][-1]
    server.kill()
    server.start()
    with RawClient(server.host, server.port) as client:
        assert client.create("/after").zxid > last


@pytest.mark.ours_only("its snapshots are not lz4")
def test_the_snapshots_of_a_busy_server_are_whole_lz4_frames(crash_test):
    crash_test.run_round(load_s=2.0)
    snapshots = crash_test.server.snapshots
    assert snapshots, "no snapshot after 2 s of writes with snapCount=500"
    for snapshot in snapshots:
        subprocess.run(["lz4", "-t", str(snapshot)], check=True, capture_output=True)
