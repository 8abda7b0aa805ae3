"""One ensemble of Apache's servers and ours: whoever leads, all have one history.

Each test takes each mix of `support/mixed.py`, whose members are real servers: Debian's ZooKeeper
3.8.0 and 3.9.3, and ours. In the end of each, all members have the same tree, stat by stat, and the digests
that they keep of it are the same.
"""

import contextlib
import shutil

import pytest
from support.ensemble import Ensemble
from support.ensemble_steps import OUTAGE_LIMIT_S, audit, path_of_test, wait_for_progress
from support.jute import Writer
from support.member import FOLLOWER, wait_until
from support.mixed import (
    APACHE, APACHE_3_9, CONFIG_OF, MIXES, OURS, Synchronizations, check_digests, come_back,
    have_lead, is_apache, skip_without, wait_for_purge)
from support.trees import check_identical
from support.variety import IDENTITY, Variety
from support.wire import Disconnected, Err, Op, create_body, set_body

pytestmark = [
    pytest.mark.ours_only("there is nothing to mix"),
    pytest.mark.skipif(shutil.which("java") is None, reason="no java on this machine"),
]


@pytest.fixture(scope="module", params=MIXES)
def mixed(request, tmp_path_factory):
    """The ensemble of one mix, which all of its tests share and leave whole."""
    skip_without(*MIXES[request.param])
    ensemble = Ensemble(
        None, tmp_path_factory.mktemp("mixed"), kinds=MIXES[request.param], config_of=CONFIG_OF,
        network=request.config.getoption("--network"))
    try:
        ensemble.start()
        yield ensemble
    finally:
        ensemble.close()


@pytest.fixture
def ensemble(mixed):
    mixed.mend()
    return mixed


@pytest.fixture
def leader(ensemble):
    """The member that is to lead in this mix: the last one's kind."""
    return have_lead(ensemble, type(ensemble.members[-1].server))


def write_some(member, client_of, count=60):
    path, client = path_of_test(), client_of(member)
    assert client.create(path).err == Err.OK
    for number in range(count):
        client.send(Op.CREATE, create_body(f"{path}/n{number}"))
    for _ in range(count):
        assert client.read_reply().err == Err.OK
    client.close()


def test_two_thousand_requests_of_every_kind_leave_one_tree_at_all_members(ensemble, leader):
    variety = Variety(ensemble, path_of_test())
    try:
        variety.run(2000)
        assert variety.requests >= 1900
        for client in variety.clients:
            assert {is_apache(member) for member in client.visited} == {True, False}
        variety.check_everywhere()
        # With the ephemerals of the sessions, which are alive.
        ensemble.wait_for_all()
        check_identical(ensemble.members, identity=IDENTITY)
    finally:
        variety.close()
    assert check_digests(ensemble.members) > 10
    assert ensemble.leader() is leader


def test_syncs_of_one_client_do_not_keep_the_writes_of_another_waiting(
        ensemble, leader, client_of):
    """A sync takes longer than a write, and an Apache member waits for both in one queue."""
    for member in ensemble.members:
        top = path_of_test()
        one, other = client_of(member), client_of(member)
        assert one.create(top).err == Err.OK
        for _ in range(100):
            one.send(Op.SYNC, Writer().string(top).bytes)
            other.send(Op.SET_DATA, set_body(top, b"other"))
            one.send(Op.SET_DATA, set_body(top, b"one"))
            assert [other.read_reply().err, one.read_reply().err, one.read_reply().err] == [0] * 3


def test_a_member_that_was_killed_comes_back_by_diff(ensemble, leader, client_of):
    for follower in ensemble.followers():
        follower.kill()
        write_some(leader, client_of)
        assert come_back(ensemble, follower) == ["DIFF"], ensemble.logs(12)
    # An Apache heir that had not committed the last transaction before cannot send it, but SNAP.
    ensemble.wait_for_all()
    leader.kill()
    heir = ensemble.wait_for_leader(ensemble.others(leader))
    write_some(heir, client_of)
    assert come_back(ensemble, leader) == ["DIFF"], ensemble.logs(12)
    ensemble.mend()
    check_identical(ensemble.members)
    check_digests(ensemble.members)


def test_leaders_are_killed_under_load_and_nothing_acknowledged_is_lost(
        ensemble, leader, loaded):
    load = loaded(ensemble)
    for _ in range(2):
        leader = ensemble.wait_for_leader()
        leader.kill()
        ensemble.wait_for_leader(ensemble.others(leader))
        wait_for_progress(load)
        leader.start()
        ensemble.wait_for_role(leader)
        wait_for_progress(load)
    audit(ensemble, load)
    check_digests(ensemble.members)


def test_what_a_dead_leader_had_alone_is_cut_when_it_comes_back(ensemble, leader, client_of):
    top = path_of_test()
    client = client_of(leader, timeout_ms=30_000, patience_s=1.0)
    assert client.create(top).err == Err.OK
    ensemble.network.isolate(leader.number)
    with contextlib.suppress(Disconnected, OSError):
        for number in range(20):
            client.send(Op.CREATE, create_body(f"{top}/alone{number}"))
        assert client.read_reply().err != Err.OK, "acknowledged by one of three"
    wait_until(lambda: leader.role() is None, OUTAGE_LIMIT_S, f"{leader} steps down")
    leader.kill()
    ensemble.network.heal()
    # Nothing is written before it is back: Apache's leaders send SNAP, when their epoch has begun.
    assert come_back(ensemble, leader) == ["TRUNC"], ensemble.logs(20)
    heir = ensemble.leader()
    assert client_of(heir).create(f"{top}/after").err == Err.OK
    ensemble.mend()
    tree = check_identical(ensemble.members)
    assert [path for path in tree if path.startswith(f"{top}/")] == [f"{top}/after"]
    check_digests(ensemble.members)


def test_each_member_that_lost_its_disk_is_sent_a_snapshot_under_load(ensemble, leader, loaded):
    load = loaded(ensemble)
    if not is_apache(leader):
        # What it has in memory and in its log is not to reach back to the beginning.
        wait_for_purge(leader, 0)
        leader.kill()
        ensemble.wait_for_leader(ensemble.others(leader))
        leader.start()
        ensemble.wait_for_role(leader)
        leader = have_lead(ensemble, OURS)
    for victim in ensemble.followers():
        lose_disk_and_come_back(ensemble, victim, load)
    lose_disk_and_come_back(ensemble, leader, load)
    audit(ensemble, load)
    check_digests(ensemble.members)


def lose_disk_and_come_back(ensemble, victim, load):
    victim.kill()
    leader = ensemble.wait_for_leader(ensemble.others(victim))
    if not is_apache(leader):
        wait_for_purge(leader, 0)
    said = Synchronizations(leader)
    victim.wipe()
    wait_for_progress(load)
    victim.start()
    ensemble.wait_for_role(victim, FOLLOWER)
    assert "SNAP" in said.kinds, said.kinds
    wait_for_progress(load)


def test_the_mixes_have_both_kinds_in_both_majorities():
    counts = {(sum(kind.is_apache for kind in kinds), kinds[-1]) for kinds in MIXES.values()}
    of_3_8 = {(2, OURS), (2, APACHE), (1, OURS), (1, APACHE)}
    assert counts == of_3_8 | {(2, APACHE_3_9), (1, APACHE_3_9)}
