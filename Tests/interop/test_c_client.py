"""ZooKeeper's C client, through `cli_mt` of Debian's zookeeper-bin, which many libraries wrap."""

import os
import re
import subprocess
import threading
import time

import pytest

CLI = "/usr/lib/zookeeper/bin/cli_mt"

pytestmark = pytest.mark.skipif(
    not os.path.exists(CLI), reason="no cli_mt: apt-get install zookeeper-bin")


class CommandLine:
    """An interactive cli_mt: one command at a time, and a wait for what it prints."""

    def __init__(self, address):
        self.process = subprocess.Popen(
            [CLI, "-h", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.output = ""
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        while piece := self.process.stdout.read(1):
            self.output += piece

    def run(self, command, expected):
        """Sends a command and returns the match of what it is expected to print."""
        before = len(self.output)
        self.process.stdin.write(command + "\n")
        return self.wait_for(expected, before)

    def wait_for(self, expected, start=0):
        deadline = time.monotonic() + 10
        while not (match := re.search(expected, self.output[start:])):
            assert time.monotonic() < deadline, f"no {expected!r} in:\n{self.output}"
            time.sleep(0.01)
        return match

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def cli(server):
    line = CommandLine(server.address)
    yield line
    line.close()


@pytest.mark.parametrize("command, expected", [
    ("create /R/a", r"\[/R/a\]: rc = 0\s+name = /R/a\n"),
    ("create +e /R/e", r"\[/R/e\]: rc = 0"),
    ("create2 +s /R/s-", r"\[/R/s-\]: rc = 0\s+name = /R/s-0000000000\n\s+ctime = "),
    ("ls /R", r"/R: rc = 0"),
    ("get /R", r"/R: rc = 0"),
    ("set /R world", r"/R: rc = 0 Stat:[^$]*version=1"),
])
def test_the_c_client_runs_one_command_from_its_command_line(server, root, command, expected):
    done = subprocess.run(
        [CLI, "-h", server.address, "-c", command.replace("/R", root)], capture_output=True,
        text=True, timeout=30, check=False)
    assert done.returncode == 0
    assert re.search(expected.replace("/R", root), done.stdout + done.stderr)


def test_the_c_client_creates_writes_reads_and_deletes(cli, root):
    cli.run(f"create {root}/a", r"rc = 0\s+name = ")
    cli.run(f"set {root}/a world", r"rc = 0 Stat:[^$]*version=1")
    cli.run(f"get {root}/a", r"value_len = 5\s*world")
    cli.run(f"ls2 {root}", r"rc = 0\s+a\n")
    cli.run(f"delete {root}/a", r"/a: rc = 0")
    cli.run(f"delete {root}/a", r"/a: rc = -101")
    cli.run(f"sync {root}", r"rc = 0")


def test_the_c_client_creates_sequential_ephemeral_and_container_znodes(cli, root, raw):
    cli.run(f"create +s {root}/s-", r"name = \S+/s-0000000000")
    cli.run(f"create +e {root}/e", r"name = \S+/e\n")
    cli.run(f"create +c {root}/c", r"name = \S+/c\n")
    assert sorted(raw().children(root).body.strings()) == ["c", "e", "s-0000000000"]


def test_the_c_clients_watches_fire(cli, root, raw):
    writer = raw()
    cli.run(f"wexists {root}/a", r"Error -101")
    writer.create(f"{root}/a")
    cli.wait_for(rf"CREATED_EVENT state = CONNECTED_STATE for path {root}/a")


def test_the_c_clients_ephemerals_go_when_it_quits(cli, root, raw, eventually):
    cli.run(f"create +e {root}/e", r"name = \S+/e\n")
    observer = raw()
    assert observer.children(root).body.strings() == ["e"]
    cli.run("quit", r"Quitting")
    eventually(lambda: observer.children(root).body.strings() == [], what="the removal")
