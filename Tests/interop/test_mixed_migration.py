"""An ensemble that is replaced member by member while it serves: tools/demo-migration.sh, short."""

import shutil
import subprocess

import pytest
from support.servers import REPOSITORY

pytestmark = [
    pytest.mark.ours_only("it is replaced by ours"),
    pytest.mark.skipif(shutil.which("java") is None, reason="no java on this machine"),
]


def test_a_running_ensemble_is_replaced_and_replaced_back_and_nobody_loses_anything():
    done = subprocess.run(
        ["tools/demo-migration.sh", "--between", "0.2"], cwd=REPOSITORY, capture_output=True,
        text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert done.stdout.count("now ZKNode") == 3
    assert done.stdout.count("now Apache ZooKeeper") == 3
    assert "No session expired" in done.stdout
