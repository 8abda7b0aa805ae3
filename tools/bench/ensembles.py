"""Several servers of one kind on this machine, measured as one server is (servers.py)."""

import contextlib
import signal
import time

import servers

class Member(servers.Server):
    """One server of an ensemble; `peers` are the lines of the configuration that all share."""

    def __init__(self, one, number, port, peers):
        super().__init__(
            one.name, one.title, one.command, one.directory, port, one.snapshot_pattern)
        self.number, self.peers = number, peers
        self.directory = one.directory / str(number)
        self.settings = {}

    def launch(self, settings=None):
        """Without settings, with those of the last time."""
        self.settings = self.settings if settings is None else settings
        return super().launch(self.settings)

    def configuration(self, settings):
        return super().configuration({"initLimit": 20, "syncLimit": 5, **self.peers, **settings})

    def prepare(self, fresh):
        self.begin(fresh)
        (self.directory / "data").mkdir(parents=True, exist_ok=True)
        (self.directory / "data/myid").write_text(f"{self.number}\n")

    def srvr(self):
        lines = servers.four_letter_word(self.port, b"srvr").splitlines()
        return dict(line.split(": ", 1) for line in lines if ": " in line)

    @property
    def mode(self):
        return self.srvr().get("Mode") if self.process is not None else None

    @property
    def zxid(self):
        return int(self.srvr().get("Zxid", "-0x1"), 16)


class Ensemble:
    """Has what compare.py needs of a server."""

    def __init__(self, one, count):
        self.name, self.title = one.name, one.title
        self.directory = one.directory
        first = one.port
        peers = {
            f"server.{number}": f"127.0.0.1:{first + 20 + number}:{first + 40 + number}"
            for number in range(1, count + 1)}
        self.members = [
            Member(one, number, first + 2 * number, peers) for number in range(1, count + 1)]

    @property
    def address(self):
        return ",".join(member.address for member in self.members)

    def start(self, fresh=True, settings=None):
        begun = time.monotonic()
        for member in self.members:
            member.prepare(fresh)
        for member in self.members:
            member.launch(settings or {})
        self.wait_until_whole()
        return time.monotonic() - begun

    def wait_until_whole(self, limit_s=servers.START_LIMIT_SECONDS):
        """Until everyone serves, and one of them leads."""
        deadline = time.monotonic() + limit_s
        while True:
            modes = [member.mode for member in self.members]
            if sorted(map(str, modes)) == ["follower"] * (len(modes) - 1) + ["leader"]:
                break
            self.check(deadline, modes)
            time.sleep(0.01)
        for member in self.members:
            while not servers.answers_reads(member.port):
                self.check(deadline, modes)
                time.sleep(0.01)

    def check(self, deadline, modes):
        for member in self.members:
            if member.process is not None and member.process.poll() is not None:
                raise SystemExit(f"{self.name} ended: see {member.directory}/output.log")
        if time.monotonic() > deadline:
            raise SystemExit(f"{self.name}: {modes} in the end: see {self.directory}/*/output.log")

    @property
    def leader(self):
        return next(member for member in self.members if member.mode == "leader")

    @property
    def followers(self):
        return [member for member in self.members if member.mode == "follower"]

    def restart_one(self):
        """Stops a follower and returns the seconds from its start until it serves again."""
        member = self.followers[0]
        member.stop()
        begun = time.monotonic()
        member.launch()
        self.wait_until_whole()
        return time.monotonic() - begun

    def snapshots(self):
        return {(it.number, name) for it in self.members for name in it.snapshots()}

    def stop(self):
        for member in self.members:
            if member.process is not None:
                member.process.send_signal(signal.SIGTERM)
        for member in self.members:
            member.stop()

    def monitor(self):
        return self.leader.monitor()

    def version(self):
        return f"{len(self.members)} servers of {self.members[0].version()}"


def of(one, count):
    """The server, or an ensemble of its kind."""
    return one if count == 1 else Ensemble(one, count)


@contextlib.contextmanager
def stopping(server):
    """The server, which is stopped at the end whatever happens."""
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def running(server):
    """The server on an empty directory, started, and stopped at the end."""
    with stopping(server):
        server.start()
        yield server
