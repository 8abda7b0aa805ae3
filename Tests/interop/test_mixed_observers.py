"""Observers of the other kind: one of ours with Apache's voters, one of Apache's with ours."""

import shutil

import pytest
from support.ensemble_steps import OUTAGE_LIMIT_S, audit, path_of_test, sync, wait_for_progress
from support.member import OBSERVER, wait_until
from support.mixed import APACHE, APACHE_3_9, OURS, check_digests, skip_without
from support.variety import Variety
from support.wire import Err, Flag, Session

pytestmark = [
    pytest.mark.ours_only("there is nothing to mix"),
    pytest.mark.skipif(shutil.which("java") is None, reason="no java on this machine"),
]


@pytest.mark.parametrize(
    "voters, observer",
    [(APACHE, OURS), (OURS, APACHE), (APACHE_3_9, OURS), (OURS, APACHE_3_9)])
def test_an_observer_of_the_other_kind_serves_forwards_and_comes_back(
        new_ensemble, loaded, client_of, voters, observer):
    skip_without(voters, observer)
    ensemble = new_ensemble(kinds=[voters, voters, observer], observers=1)
    member = ensemble.members[-1]
    assert member.role() == OBSERVER
    variety = Variety(ensemble, path_of_test())
    try:
        variety.run(300)
        variety.check_everywhere()
    finally:
        variety.close()
    load = loaded(ensemble)
    path, session = path_of_test(), Session()
    client = client_of(member, session=session)
    assert client.create(path, b"by an observer", Flag.EPHEMERAL).err == Err.OK
    watching = client_of(ensemble.follower())
    assert sync(watching).err == Err.OK
    assert watching.get(path, watch=True).body.buffer() == b"by an observer"
    # Its voters go on without it, and it catches up.
    member.kill()
    wait_for_progress(load)
    again = client_of(ensemble.follower(), session=session)
    assert again.set(path, b"moved").err == Err.OK
    assert watching.wait_for_event().path == path
    member.start()
    ensemble.wait_for_role(member, OBSERVER)
    back = client_of(member, session=session)
    assert back.get(path).body.buffer() == b"moved"
    # Of two voters one is no majority, with an observer either.
    leader = ensemble.leader()
    leader.kill()
    wait_until(lambda: member.role() is None, OUTAGE_LIMIT_S, f"{member} has no leader")
    leader.start()
    ensemble.wait_for_role(member, OBSERVER)
    wait_for_progress(load)
    audit(ensemble, load)
    check_digests(ensemble.members)
