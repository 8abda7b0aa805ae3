"""Crashes, pauses and partitions: what a minority may suffer without anyone losing anything.

Most tests share one ensemble and leave it whole. A load writes and reads all the time, and what
its clients were told is checked in the end (`support/checks.py`). The long version, with random
faults, is `tools/ensemble-test.sh`.
"""

import contextlib

import pytest
from support.ensemble_steps import OUTAGE_LIMIT_S, audit, path_of_test, sync, wait_for_progress
from support.member import FOLLOWER, LEADER, wait_until
from support.wire import Disconnected, Err

ours_only = pytest.mark.ours_only


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


@ours_only("a leader that has lost its quorum answers a sync until it has noticed")
def test_a_leader_cut_off_from_the_others_confirms_no_sync(ensemble, client_of):
    leader = ensemble.leader()
    client = client_of(leader, patience_s=OUTAGE_LIMIT_S)
    ensemble.network.isolate(leader.number)
    with contextlib.suppress(Disconnected, OSError):
        assert sync(client).err != Err.OK, "confirmed without a quorum"
    wait_until(lambda: leader.role() is None, OUTAGE_LIMIT_S, f"{leader} steps down")


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
