"""Members that were away, and members whose disks are lost, damaged, full or ahead."""

import contextlib
import subprocess

import pytest
from support import exit_codes
from support.ensemble_steps import audit, holds_within, path_of_test, wait_for_progress
from support.member import FOLLOWER, wait_until
from support.servers import by_zxid
from support.trees import check_identical
from support.wire import Disconnected, Err, Flag, Session

ours_only = pytest.mark.ours_only


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


def test_a_member_is_sent_a_snapshot_where_the_log_does_not_reach_back(new_ensemble, loaded):
    # Log that snapshots have made useless is deleted after each of them.
    ensemble = new_ensemble(config={"snapCount": 200, "txnLogSizeLimitInKb": 64})
    victim = ensemble.follower()
    end = victim.zxid()
    victim.kill()
    load = loaded(ensemble)
    if not ensemble.is_apache:
        # Whichever of them leads when it comes back.
        for member in ensemble.others(victim):
            wait_until(
                lambda: by_zxid(member.server.segments[0]) > end + 1, 60,
                lambda: f"deletion of log at {member}: {member.server.segments}")
    # What a leader has in memory reaches further back than its log: it is gone after this.
    ensemble.kill_all()
    for member in ensemble.others(victim):
        member.start()
    ensemble.wait_for_leader(ensemble.others(victim))
    victim.start()
    ensemble.wait_for_role(victim)
    wait_for_progress(load)
    if not ensemble.is_apache:
        assert ensemble.synchronizations()["SNAP"] >= 1, ensemble.synchronizations()
    # Once more, from nothing and while it comes back.
    victim.kill()
    victim.wipe()
    victim.start()
    wait_for_progress(load, writes=50)
    victim.kill()
    victim.start()
    ensemble.wait_for_role(victim)
    audit(ensemble, load)


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


def test_a_standalone_server_becomes_a_member_and_the_others_get_what_it_has(
        new_ensemble, client_of):
    ensemble = new_ensemble(start=False)
    first, second, _ = ensemble.members
    whole = dict(first.server.config)
    first.server.config = {
        key: value for key, value in whole.items() if not key.startswith("server.")}
    first.start()
    wait_until(lambda: first.role() == "standalone", 30, "a standalone server")
    path, session = path_of_test(), Session()
    client = client_of(first, session=session)
    assert client.create(path, b"kept", flags=Flag.EPHEMERAL).err == Err.OK
    first.stop()
    first.server.config = whole
    if not ensemble.is_apache:
        # A majority with the first one; without it there is none.
        (second.server.data_dir / "initialize").touch()
    first.start()
    second.start()
    ensemble.wait_for_leader([first, second])
    assert client_of(second, session=session).get(path).body.buffer() == b"kept"
    ensemble.mend()
    assert check_identical(ensemble.members)[path]["data"] == b"kept"


@ours_only("it takes some damage for the end of the log, and serves without the rest")
def test_a_damaged_member_that_may_not_repair_itself_refuses_to_start_and_the_others_go_on(
        new_ensemble, loaded):
    ensemble = new_ensemble(config={"repair.enabled": "false"})
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


@ours_only("zkdump reads our files")
def test_the_disks_of_all_members_are_whole_and_the_same(ensemble, loaded):
    load = loaded(ensemble)
    wait_for_progress(load)
    audit(ensemble, load)
    assert set(ensemble.stop_all().values()) == {exit_codes.STOPPED}
    assert ensemble.offline_findings() == []
