"""An ensemble that is replaced member by member while it serves: tools/demo-migration.sh, short."""

import shutil
import subprocess

import pytest
from support.ensemble_steps import audit, path_of_test, wait_for_progress
from support.mixed import APACHE, APACHE_3_9, OURS, check_digests, come_back, skip_without
from support.servers import REPOSITORY
from support.wire import Err, Flag, Session

pytestmark = [
    pytest.mark.ours_only("it is replaced by ours"),
    pytest.mark.skipif(shutil.which("java") is None, reason="no java on this machine"),
]


@pytest.mark.parametrize("version, kind", [("3.8", APACHE), ("3.9", APACHE_3_9)])
def test_a_running_ensemble_is_replaced_and_replaced_back_and_nobody_loses_anything(version, kind):
    skip_without(kind)
    done = subprocess.run(
        ["tools/demo-migration.sh", "--between", "0.2", "--apache", version], cwd=REPOSITORY,
        capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert f"Apache ZooKeeper {version}." in done.stdout
    assert done.stdout.count("now ZKNode") == 3
    assert done.stdout.count("now Apache ZooKeeper") == 3
    assert "No session expired" in done.stdout


def test_a_member_of_ours_on_apaches_directory_votes_at_once_and_gets_what_is_missing(
        new_ensemble, loaded, client_of):
    ensemble = new_ensemble(kinds=[APACHE, OURS, OURS])
    member, path, session = ensemble[1], path_of_test(), Session()
    load = loaded(ensemble)
    client = client_of(member, session=session)
    assert client.create(path, b"mine", Flag.EPHEMERAL).err == Err.OK
    before = member.server
    ensemble.replace(member, OURS)
    member.server.data_dir = member.server.config["dataDir"] = before.data_dir
    wait_for_progress(load, 50)
    assert come_back(ensemble, member) == ["DIFF"], ensemble.logs(12)
    said = member.server.log_text()
    assert "imported Apache ZooKeeper's" in said
    assert "the data directory is blank" not in said
    again = client_of(member, session=session)
    assert again.set(path, b"still mine").err == Err.OK
    # It counts for a majority.
    other = next(it for it in ensemble.followers() if it is not member)
    other.kill()
    wait_for_progress(load)
    other.start()
    ensemble.wait_for_role(other)
    audit(ensemble, load)
    check_digests(ensemble.members)
