"""Members whose files are damaged between restarts, under load: they repair themselves from each
other, or refuse; nothing acknowledged is lost."""

import random
import shutil

import pytest
from support import exit_codes
from support.checks import check
from support.ensemble_steps import audit, holds_within, wait_for_progress
from support.member import wait_until
from support.trees import check_identical
from support.wire import four_letter_word

pytestmark = pytest.mark.ours_only("it takes some damage for the end of the log, or refuses")

# Small, so that a history has several segments and snapshots.
SMALL = {"snapCount": 400, "txnLogSizeLimitInKb": 128}

NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n"


def flip_records(member, count, seed=1, segment=-1):
    """Flips bits within the first part of a segment's records."""
    chance = random.Random(seed)
    path = member.server.segments[segment]
    written = len(path.read_bytes().rstrip(b"\0"))
    for _ in range(count):
        member.flip_bit(path, chance.randrange(4096, max(4100, written // 2)))


def own(member):
    return member.server.data_dir / "zknode"


def remove_meta(member):
    for name in ("meta-a", "meta-b"):
        (own(member) / name).unlink()


def said(member, text):
    return text in member.server.log_text()


def has_repaired(member):
    return said(member, "repaired up to zxid")


def traces(member):
    return [path.name for path in own(member).iterdir()
            if ".damaged-" in path.name or ".repair" in path.name]


def start_all(ensemble):
    """Starts the processes, and waits for nothing."""
    for member in ensemble.members:
        member.start()


def settle(ensemble, load):
    """Everybody has everything, and nothing is on its way."""
    audit(ensemble, load)
    ensemble.kill_all()


def test_one_damaged_log_is_repaired_while_the_others_serve(ensemble, loaded):
    load = loaded(ensemble)
    wait_for_progress(load, writes=500)
    victim = ensemble.follower()
    victim.kill()
    flip_records(victim, 5)
    victim.start()
    ensemble.wait_for_role(victim)
    assert has_repaired(victim) or said(victim, "nothing of this server's data is used")
    wait_for_progress(load)
    audit(ensemble, load)
    assert not traces(victim)
    assert ensemble.stop_all() and ensemble.offline_findings() == []


@pytest.mark.parametrize("count", [2, 3])
def test_logs_damaged_at_different_records_repair_each_other(ensemble, loaded, count):
    load = loaded(ensemble)
    wait_for_progress(load, writes=800)
    settle(ensemble, load)
    victims = ensemble.members[:count]
    for number, victim in enumerate(victims):
        # Different parts of the same history.
        path = victim.server.segments[-1]
        written = len(path.read_bytes().rstrip(b"\0"))
        for place in range(3):
            victim.flip_bit(path, 4096 + (written - 4096) * (3 * number + place + 1) // 12)
    start_all(ensemble)
    ensemble.wait_for_all(limit_s=60)
    for victim in victims:
        assert said(victim, "repairing this server"), victim.server.log_tail()
    assert any(map(has_repaired, victims))
    load = loaded(ensemble)
    wait_for_progress(load)
    audit(ensemble, load)


def test_the_same_record_lost_everywhere_stops_all_of_them(ensemble, loaded):
    load = loaded(ensemble)
    wait_for_progress(load, writes=300)
    settle(ensemble, load)
    for member in ensemble.members:
        # The header: no record of the segment can be believed.
        member.flip_bit(member.server.segments[-1], 20)
    start_all(ensemble)
    for member in ensemble.members:
        assert member.server.wait_for_exit(60) == exit_codes.DAMAGED_DATA
        assert said(member, "No member has them")
        assert said(member, "recovering.md#not-repairable")
    # One that is mended does not know what the two others had after its end, and could have acknowledged
    # without it: the watermark of a segment that cannot be read is no proof, after a loss of power.
    one, two, three = ensemble.members
    two.flip_bit(two.server.segments[-1], 20)
    start_all(ensemble)
    for member in (one, three):
        assert member.server.wait_for_exit(60) == exit_codes.DAMAGED_DATA
        assert said(member, "ffffffff. No member has them")
    # Two that are mended mend the third.
    one.flip_bit(one.server.segments[-1], 20)
    one.start()
    three.start()
    ensemble.wait_for_all(limit_s=60)
    load = loaded(ensemble)
    wait_for_progress(load)
    audit(ensemble, load)


def test_segments_and_snapshots_that_are_gone_come_from_the_others(new_ensemble, loaded):
    ensemble = new_ensemble(config=SMALL)
    load = loaded(ensemble)
    for round_number in range(3):
        wait_for_progress(load, writes=700, limit_s=60)
        victim = ensemble.members[round_number]
        others = ensemble.others(victim)
        victim.kill()
        if round_number == 0:
            victim.server.segments[-1].unlink()
        elif round_number == 1:
            for path in victim.server.snapshots:
                path.unlink()
        else:
            shutil.rmtree(own(victim) / "log")
            (own(victim) / "log").mkdir()
        wait_for_progress(load)
        victim.start()
        ensemble.wait_for_role(victim)
        ensemble.wait_for_leader(others + [victim])
    audit(ensemble, load)


def test_all_members_damaged_at_once_in_every_way(new_ensemble, loaded):
    ensemble = new_ensemble(config={"snapCount": 400, "txnLogSizeLimitInKb": 64})
    load = loaded(ensemble)
    wait_for_progress(load, writes=1500, limit_s=60)
    settle(ensemble, load)
    first, second, third = ensemble.members
    flip_records(first, 3, seed=11)
    second.flip_bit(second.server.snapshots[-1], 200)
    third.server.segments[-1].unlink()
    start_all(ensemble)
    ensemble.wait_for_all(limit_s=60)
    load = loaded(ensemble)
    wait_for_progress(load)
    audit(ensemble, load)


def test_without_its_promises_a_member_follows_before_it_votes(ensemble, loaded):
    load = loaded(ensemble)
    wait_for_progress(load)
    victim = ensemble.follower()
    victim.kill()
    remove_meta(victim)
    victim.start()
    ensemble.wait_for_role(victim)
    assert said(victim, "nothing of this server's data is used any more")
    wait_for_progress(load)
    audit(ensemble, load)
    wait_until(lambda: not traces(victim), 20, lambda: f"removal of {traces(victim)}")


def test_a_majority_without_promises_refuses(ensemble, loaded):
    load = loaded(ensemble)
    wait_for_progress(load)
    settle(ensemble, load)
    for member in ensemble.members[:2]:
        remove_meta(member)
    start_all(ensemble)
    for member in ensemble.members[:2]:
        assert member.server.wait_for_exit(60) == exit_codes.DAMAGED_DATA
    assert ensemble[3].is_running and not ensemble[3].role()


def test_a_damaged_and_a_lagging_member_wait_for_the_third(ensemble, loaded):
    load = loaded(ensemble)
    wait_for_progress(load)
    lagging = ensemble.follower()
    lagging.kill()
    wait_for_progress(load, writes=300)
    load.stop()
    damaged, third = ensemble.others(lagging)
    ensemble.kill_all()
    path = damaged.server.segments[-1]
    written = len(path.read_bytes().rstrip(b"\0"))
    damaged.flip_bit(path, written - 300)
    damaged.start()
    lagging.start()
    wait_until(lambda: said(damaged, "missing: the transactions after zxid"), 30, "a word of it")
    assert not holds_within(lambda: damaged.role() or lagging.role(), 5)
    assert four_letter_word(damaged.server.host, damaged.server.port, "srvr") == NOT_SERVING
    assert four_letter_word(damaged.server.host, damaged.server.port, "mntr") == NOT_SERVING
    third.start()
    ensemble.wait_for_all(limit_s=60)
    # Its clients' sessions have expired meanwhile: they were not there.
    tree = check_identical(ensemble.members)
    assert not check(load.history, tree, load.top)


def test_a_member_that_is_killed_while_it_repairs_itself_goes_on(ensemble, loaded):
    load = loaded(ensemble)
    wait_for_progress(load, writes=500)
    victim = ensemble.follower()
    victim.kill()
    flip_records(victim, 3)
    chance = random.Random(5)
    for _ in range(6):
        victim.start()
        # Anywhere on the way, or after it.
        holds_within(lambda: False, chance.uniform(0.02, 0.4))
        victim.kill()
    victim.start()
    ensemble.wait_for_role(victim, limit_s=60)
    audit(ensemble, load)
    assert check_identical(ensemble.members)
