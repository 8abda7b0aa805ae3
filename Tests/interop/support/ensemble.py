"""An ensemble of real servers: started, killed, paused, cut off from one another and looked into."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .network import make_network
from .servers import REPOSITORY
from .wire import Disconnected, RawClient, four_letter_word

FORMATION_LIMIT_S = 30

# Long enough for three servers on two busy cores, short enough for tests that wait for them:
# a member is given up after two seconds, and has six to connect and synchronize.
ENSEMBLE_DEFAULTS = {"tickTime": 200, "initLimit": 30, "syncLimit": 10}

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
    """A session that begins and ends; false if its server does not take it."""
    try:
        with RawClient(member.server.host, member.server.port, patience_s=5.0):
            return True
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

    def zxid(self):
        """The last zxid that it has applied; -1 if it does not answer."""
        return int(self.srvr().get("Zxid", "-0x1"), 16)


class Ensemble:
    """Members with ids from 1 on, the voters first."""

    def __init__(self, server_class, directory, voters=3, observers=0, config=None,
                 network="auto"):
        self.directory = Path(directory)
        self.server_class = server_class
        numbers = range(1, voters + observers + 1)
        self.observer_numbers = set(numbers[voters:])
        self.network = make_network(network, numbers)
        self.members = [self.make_member(number, config or {}) for number in numbers]

    def make_member(self, number, config):
        is_observer = number in self.observer_numbers
        config = {**ENSEMBLE_DEFAULTS, **self.server_lines(number), **config}
        if is_observer:
            config["peerType"] = OBSERVER
        server = self.server_class(
            self.directory / f"server{number}", config, self.network.host(number),
            self.network.client_port(number))
        server.prefix = self.network.prefix(number)
        server.data_dir.mkdir(parents=True, exist_ok=True)
        (server.data_dir / "myid").write_text(f"{number}\n")
        return Member(number, server, is_observer)

    def server_lines(self, seen_by):
        lines = {}
        for number in self.network.members:
            host, quorum, election = self.network.addresses(number, seen_by)
            kind = OBSERVER if number in self.observer_numbers else "participant"
            lines[f"server.{number}"] = f"{host}:{quorum}:{election}:{kind}"
        return lines

    def __getitem__(self, number):
        return self.members[number - 1]

    @property
    def is_apache(self):
        return self.server_class.is_apache

    @property
    def voters(self):
        return [member for member in self.members if not member.is_observer]

    @property
    def hosts(self):
        """As clients take it: all members' addresses."""
        return ",".join(member.address for member in self.members)

    def others(self, member):
        return [other for other in self.members if other is not member]

    # Life

    def start(self):
        for member in self.members:
            member.start()
        self.wait_for_all()
        return self

    def kill_all(self):
        for member in self.members:
            if member.is_running:
                member.server.process.kill()
        for member in self.members:
            member.kill()

    def stop_all(self):
        """SIGTERM to all; the exit codes."""
        codes = {}
        for member in self.followers_first():
            if member.is_running:
                codes[member.number] = member.stop()
        return codes

    def followers_first(self):
        return sorted(self.members, key=lambda member: member.role() == LEADER)

    def close(self):
        for member in self.members:
            member.resume()
        self.kill_all()
        self.network.close()

    def mend(self, limit_s=FORMATION_LIMIT_S):
        """Ends whatever a test did: everybody connected, running, synchronized."""
        self.network.heal()
        for member in self.members:
            member.resume()
            member.start()
        self.wait_for_all(limit_s)

    # Waiting

    def leader(self):
        """The member that leads, or None."""
        leaders = [member for member in self.members if member.role() == LEADER]
        return leaders[0] if len(leaders) == 1 else None

    def follower(self):
        """A voter that follows."""
        return next(member for member in self.voters if member.role() == FOLLOWER)

    def followers(self):
        return [member for member in self.voters if member.role() == FOLLOWER]

    def wait_for_leader(self, among=None, limit_s=FORMATION_LIMIT_S):
        """A leader among these members that has a quorum: a follower follows it as well."""
        among = among or self.members

        def leader():
            roles = {member: member.role() for member in among}
            leaders = [member for member, role in roles.items() if role == LEADER]
            return leaders[0] if len(leaders) == 1 and FOLLOWER in roles.values() else None

        return wait_until(
            leader, limit_s, lambda: f"a leader among {among}\n{self.logs(10)}")

    def wait_for_role(self, member, *roles, limit_s=FORMATION_LIMIT_S):
        roles = roles or (LEADER, FOLLOWER, OBSERVER)
        wait_until(
            lambda: member.role() in roles, limit_s, f"{member} as one of {roles}")

    def wait_for_all(self, limit_s=FORMATION_LIMIT_S):
        """Everyone who runs serves, one of them leads, and all have applied the same. At rest."""
        running = [member for member in self.members if member.is_running]
        wait_until(
            lambda: self.has_roles(running), limit_s,
            lambda: f"all of {running}: {[it.role() for it in running]}\n{self.logs(8)}")
        # A leader counts from its epoch's first zxid, followers from the last transaction.
        wait_until(lambda: write_something(running[0]), limit_s, f"a write by {running[0]}")
        wait_until(
            lambda: len({member.zxid() for member in running}) == 1, limit_s,
            f"the same zxid at {running}")

    def has_roles(self, members):
        roles = [member.role() for member in members]
        return None not in roles and roles.count(LEADER) == 1

    def logs(self, lines=30):
        return "\n".join(f"--- {member}\n{member.server.log_tail(lines)}" for member in self.members)

    # Disks

    def offline_findings(self):
        """What zkdump finds damaged on the members' disks, or different between them; all stopped.

        The membership's znode has each member's own times. Sessions may have expired while one
        after the other stopped.
        """
        directories = [str(member.server.data_dir) for member in self.members]
        found = []
        for directory in directories:
            done = zkdump("verify", directory)
            # A log whose end was cut off by a kill is not damage.
            if done.returncode > 1:
                found.append(f"{directory}: {done.returncode}\n{done.stdout}")
        for other in directories[1:]:
            done = zkdump("diff", directories[0], other)
            found += [
                f"{other}: {line}" for line in done.stdout.splitlines()
                if line[:2] in ("+ ", "- ", "~ ")
                and not line[2:].startswith(("session ", "/zookeeper/config "))]
            if done.returncode > 1:
                found.append(f"{other}: {done.returncode}\n{done.stdout}{done.stderr}")
        return found


def zkdump(*arguments):
    program = Path(os.environ.get("ZKDUMP", REPOSITORY / ".build/release/zkdump"))
    assert program.exists(), f"{program} is not there: swift build -c release --product zkdump"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
