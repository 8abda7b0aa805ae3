"""The same random operations on this server and on Apache ZooKeeper 3.8.0, step by step."""

import shutil

import pytest
from support.differential import CONFIG, Run, run
from support.differential_known import AVOIDED, KNOWN
from support.differential_pair import Divergence
from support.differential_tree import read_everything
from support.servers import ApacheZooKeeper
from support.wire import RawClient

OPERATIONS = 20_000
SEED = 20_261

pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="no java on this machine")


@pytest.fixture
def servers(new_server, server_class, tmp_path):
    if server_class.is_apache:
        pytest.skip("compares this server with Apache")
    ours, theirs = new_server(CONFIG), ApacheZooKeeper(tmp_path / "apache", CONFIG).start()
    yield ours, theirs
    theirs.kill()


@pytest.mark.slow
def test_twenty_thousand_random_operations_are_answered_as_by_apache(servers):
    found = run(*servers, SEED, OPERATIONS)
    print(found.report())
    assert found.world.operations >= OPERATIONS
    assert found.world.divergences == []
    # That the run was worth something: most answers are no errors, and watches fired.
    assert found.world.errors[0] > OPERATIONS / 3
    assert found.world.events > 100


def test_a_difference_of_one_znode_is_noticed(servers):
    """One more write on one side only: the next reply shows it, and so do the trees."""
    it = Run(*servers, seed=1)
    it.operate(100)
    with RawClient(servers[0].host, servers[0].port) as alone:
        alone.set("/open", b"only here")
    with pytest.raises(Divergence, match="zxid"):
        it.operate(50)
    trees = [
        read_everything(client, sessions)
        for client, sessions in zip(it.auditor.clients, it.world.sessions)]
    assert trees[0]["/open"]["data"] == b"only here"
    with pytest.raises(Divergence):
        it.compare_trees("after a write to one of them")
    it.finish()


def test_a_seed_repeats_its_operations(servers):
    texts = []
    for _ in range(2):
        for server in servers:
            server.kill()
            shutil.rmtree(server.data_dir)
            server.start()
        it = Run(*servers, seed=7)
        it.operate(300)
        it.finish()
        texts.append(list(it.world.trace))
    assert texts[0] == texts[1]


def test_every_known_difference_has_a_reason():
    assert all(it.reason for it in KNOWN)
    assert all(reason for _, reason in AVOIDED)
