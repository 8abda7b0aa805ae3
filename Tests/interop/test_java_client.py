"""ZooKeeper's own command line, the Java client: unchanged, as Debian installs it."""

import os
import re
import shutil
import subprocess

import pytest
from support.servers import APACHE_JARS

ZKCLI = "/usr/share/zookeeper/bin/zkCli.sh"

pytestmark = pytest.mark.skipif(
    shutil.which("java") is None or not os.path.exists(ZKCLI),
    reason="no java or no zookeeper package: apt-get install zookeeper")


@pytest.fixture
def zkcli(server, root, tmp_path):
    """Runs a script of commands in one zkCli; `/R` stands for the test's own root."""

    def run(*commands):
        script = "\n".join([*commands, "quit", ""]).replace("/R", root)
        command = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{tmp_path}:{APACHE_JARS}"]
        command += ["org.apache.zookeeper.ZooKeeperMain", "-server", server.address]
        done = subprocess.run(
            command, input=script, capture_output=True, text=True, timeout=60, check=False)
        # The exit code is the last command's, which some tests mean to fail.
        assert "state:SyncConnected" in done.stdout, done.stdout + done.stderr
        return (done.stdout + done.stderr).replace(root, "/R")

    return run


def test_zkcli_sh_runs_one_command_from_its_command_line(server, root):
    command = [ZKCLI, "-server", server.address, "create", f"{root}/a", "hello"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert f"Created {root}/a" in done.stdout + done.stderr


def test_the_java_client_creates_every_kind_of_znode(zkcli):
    output = zkcli(
        "create /R/plain hello", "create -s /R/seq- x", "create -e /R/ephemeral y",
        "create -e -s /R/both- z", "create -c /R/container c", "create -t 60000 /R/ttl t",
        "ls -R /R", "getEphemerals /R", "getAllChildrenNumber /R")
    for path in ("plain", "seq-0000000001", "ephemeral", "both-0000000003", "container", "ttl"):
        assert f"Created /R/{path}\n" in output
        assert f"\n/R/{path}\n" in output
    assert "[/R/both-0000000003, /R/ephemeral]" in output or (
        "[/R/ephemeral, /R/both-0000000003]" in output)
    assert "\n6\n" in output


def test_the_java_client_reads_and_writes_with_versions(zkcli):
    output = zkcli(
        "create /R/a hello", "get -s /R/a", "set -s -v 0 /R/a world", "set -v 0 /R/a again",
        "get /R/a", "stat /R/absent", "delete -v 9 /R/a", "delete /R/a", "ls /R")
    assert "\nhello\n" in output
    assert re.search(r"dataVersion = 1\n", output)
    assert output.count("version No is not valid : /R/a") == 2
    assert "\nworld\n" in output
    assert "Node does not exist: /R/absent" in output
    assert "\n[]\n" in output


def test_the_java_client_lists_with_stat_and_deletes_a_tree(zkcli):
    output = zkcli(
        "create /R/a", "create /R/a/b", "create /R/a/b/c", "ls -s /R/a", "delete /R/a",
        "deleteall /R/a", "ls /R")
    assert "\n[b]\ncZxid = 0x" in output
    assert "numChildren = 1" in output
    assert "Node not empty: /R/a" in output
    assert "\n[]\n" in output


def test_the_java_client_sets_acls_and_is_held_to_them(zkcli):
    output = zkcli(
        "create /R/a secret", "addauth digest me:pw", "setAcl -s /R/a auth:me:pw:cdrwa",
        "getAcl -s /R/a", "whoami", "get /R/a", "create /R/b x world:anyone:r", "set /R/b y")
    assert re.search(r"'digest,'me:\S+\n: cdrwa\n", output)
    assert "aclVersion = 1" in output
    assert "digest: me" in output
    assert "ip: 127.0.0.1" in output
    assert "\nsecret\n" in output
    assert "Insufficient permission : /R/b" in output


def test_the_java_client_sets_lists_and_deletes_quotas(zkcli):
    output = zkcli(
        "create /R/q", "setquota -n 10 /R/q", "setquota -b 1000 /R/q", "create /R/q/a 12345",
        "listquota /R/q", "delquota /R/q", "listquota /R/q")
    assert re.search(r"Output quota for /R/q .*count=10.*bytes=1000", output)
    assert re.search(r"Output stat for /R/q count=2,bytes=5", output)
    assert "quota for /R/q does not exist" in output


def test_the_java_client_adds_and_removes_watches(zkcli):
    output = zkcli(
        "create /R/a", "addWatch -m PERSISTENT_RECURSIVE /R/a", "set /R/a 1", "create /R/a/b",
        "get -w /R/a/b", "set /R/a/b 2", "removewatches /R/a", "sync /R/a", "delete /R/a/b")
    for event in ("NodeDataChanged path:/R/a\n", "NodeCreated path:/R/a/b\n",
                  "NodeDataChanged path:/R/a/b\n"):
        assert f"WatchedEvent state:SyncConnected type:{event}" in output


def test_the_java_client_syncs_and_shows_the_configuration(zkcli):
    output = zkcli("sync /R", "config", "version", "ls /zookeeper")
    assert "Sync is OK" in output
    assert "[config, quota]" in output
