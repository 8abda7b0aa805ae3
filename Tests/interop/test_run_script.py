"""tools/run.sh: three servers with one command, and again on what they have."""

import os
import re
import signal
import socket
import subprocess

import pytest
from kazoo.client import KazooClient
from support.member import wait_until
from support.network import CLIENT_PORT, ELECTION_PORT, QUORUM_PORT
from support.ports import PORTS, is_free
from support.servers import REPOSITORY, ZKNode

START_LIMIT_S = 90
STOP_LIMIT_S = 30

pytestmark = pytest.mark.ours_only("tools/run.sh starts zknode")


def hear_interrupts():
    """As under a terminal: who is started in the background ignores Ctrl-C, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Script:
    """A run of the script, in a process group of its own as under a terminal's Ctrl-C."""

    def __init__(self, directory, *arguments):
        self.log = directory / "run.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["tools/run.sh", "--data", str(directory / "data"), *arguments], cwd=REPOSITORY,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "ZKNODE": str(ZKNode.binary())}, preexec_fn=hear_interrupts)

    @property
    def text(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, words, limit_s=START_LIMIT_S):
        wait_until(
            lambda: words in self.text or self.process.poll() is not None, limit_s,
            lambda: f"{words!r} in\n{self.text}")
        assert words in self.text, self.text

    def interrupt(self):
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_LIMIT_S)

    def process_of(self, role):
        """The process of a server that has this role, as it says."""
        return int(re.search(rf"server \d: {role}, process (\d+)", self.text)[1])


@pytest.fixture
def run(tmp_path):
    scripts = []

    def start(*arguments):
        scripts.append(Script(tmp_path, *arguments))
        return scripts[-1]

    yield start
    for script in scripts:
        # It has stopped its servers, unless something went wrong.
        if script.process.poll() is None:
            script.process.send_signal(signal.SIGTERM)
        script.process.wait(STOP_LIMIT_S)


@pytest.fixture
def first_port():
    """One from which all nine ports are free, in ranges that are ours."""
    offsets = [base - CLIENT_PORT + step for base in (CLIENT_PORT, QUORUM_PORT, ELECTION_PORT)
               for step in range(3)]
    for port in range(PORTS.start, PORTS.stop, 3):
        if all(is_free(port + offset) for offset in offsets):
            return port
    pytest.skip("no nine free ports")


def connect(first_port):
    hosts = ",".join(f"127.0.0.1:{first_port + number}" for number in range(3))
    client = KazooClient(hosts=hosts, timeout=10)
    client.start(timeout=15)
    return client


def test_three_servers_serve_lose_one_and_start_again_on_the_same_data(run, first_port):
    script = run("--first-port", str(first_port))
    script.wait_for("Ctrl-C stops all")
    assert len(re.findall(r"server \d: follower", script.text)) == 2
    client = connect(first_port)
    client.create("/kept", b"value")
    os.kill(script.process_of("leader"), signal.SIGKILL)
    script.wait_for("ended by itself with exit code 137")
    assert client.retry(client.get, "/kept")[0] == b"value"
    client.stop()
    assert script.interrupt() == 0
    # The port is in the configuration now.
    again = run()
    again.wait_for("Ctrl-C stops all")
    client = connect(first_port)
    assert client.get("/kept")[0] == b"value"
    client.stop()
    assert again.interrupt() == 0


def test_data_of_a_standalone_server_is_left_alone(run, tmp_path):
    (tmp_path / "data/zknode").mkdir(parents=True)
    script = run()
    assert script.process.wait(STOP_LIMIT_S) == 1
    assert "standalone" in script.text and "mv " in script.text
    assert [it.name for it in (tmp_path / "data").iterdir()] == ["zknode"]


def test_a_port_in_use_is_named(run, first_port):
    with socket.create_server(("127.0.0.1", first_port + 1)):
        script = run("--first-port", str(first_port))
        assert script.process.wait(STOP_LIMIT_S) == 1
    assert f"port {first_port + 1}" in script.text and "server 2" in script.text
