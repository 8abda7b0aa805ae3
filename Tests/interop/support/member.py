"""One server of an ensemble, and what can be done to it."""

import re
import shutil
import signal
import time

from .wire import Disconnected, Err, RawClient, four_letter_word

LEADER, FOLLOWER, OBSERVER = "leader", "follower", "observer"


def wait_until(condition, limit_s, what):
    """Polls until the condition holds, and returns its value; `what` may be a function."""
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {limit_s} s: {what() if callable(what) else what}")
        time.sleep(0.02)


def write_something(member):
    """A transaction, be it one that changes nothing; false if its server does not take it.

    A session is none where sessions are local.
    """
    try:
        with RawClient(member.server.host, member.server.port, patience_s=5.0) as client:
            return client.delete("/nothing has this name").err == Err.NO_NODE
    except (Disconnected, OSError):
        return False


class Member:
    """One server of an ensemble."""

    def __init__(self, number, server, is_observer):
        self.number = number
        self.server = server
        self.is_observer = is_observer
        self.is_paused = False

    def __repr__(self):
        return f"server {self.number}"

    @property
    def address(self):
        return self.server.address

    @property
    def is_running(self):
        return self.server.process is not None and self.server.process.poll() is None

    # What is done to it

    def start(self):
        """Starts the process, and waits for nothing: alone it cannot serve."""
        if not self.is_running:
            self.server.launch()
            (self.server.data_dir / "myid").write_text(f"{self.number}\n")

    def kill(self):
        self.is_paused = False
        self.server.kill()

    def stop(self):
        self.resume()
        return self.server.stop()

    def pause(self):
        self.is_paused = True
        self.server.process.send_signal(signal.SIGSTOP)

    def resume(self):
        if self.is_paused:
            self.is_paused = False
            self.server.process.send_signal(signal.SIGCONT)

    def wipe(self):
        """Loses its disk: all but what an operator puts there, `myid`."""
        assert not self.is_running, f"{self} runs"
        for path in self.server.data_dir.iterdir():
            if path.name != "myid":
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def copy_data(self, directory):
        shutil.copytree(self.server.data_dir, directory)

    def flip_bit(self, path, offset):
        """Corrupts a file between a kill and a restart."""
        assert not self.is_running, f"{self} runs"
        with open(path, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 0x10]))

    # What it says

    def srvr(self):
        """The lines of srvr as a dictionary; empty if it does not answer or does not serve."""
        if not self.is_running or self.is_paused:
            return {}
        try:
            text = four_letter_word(self.server.host, self.server.port, "srvr", patience_s=1.0)
        except OSError:
            return {}
        return dict(re.findall(r"^([\w ]+): (.*)$", text, re.MULTILINE))

    def role(self):
        """leader, follower or observer; None while it does not serve."""
        return self.srvr().get("Mode")

    def mntr(self):
        """What mntr says, by name."""
        text = self.server.ask("mntr")
        return dict(re.findall(r"^zk_(\w+)\t(.*)$", text, re.MULTILINE))

    def zxid(self):
        """The last zxid that it has applied; -1 if it does not answer."""
        return int(self.srvr().get("Zxid", "-0x1"), 16)
