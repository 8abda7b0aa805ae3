"""An ensemble of real servers on a network that can be cut: started, mended, looked into."""

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

from .member import FOLLOWER, LEADER, OBSERVER, Member, wait_until, write_something
from .network import make_network
from .servers import REPOSITORY

FORMATION_LIMIT_S = 30

# Long enough for three servers on two busy cores, short enough for tests that wait for them:
# a member is given up after two seconds, and has six to connect and synchronize.
ENSEMBLE_DEFAULTS = {"tickTime": 200, "initLimit": 30, "syncLimit": 10}

class Ensemble:
    """Members with ids from 1 on, the voters first."""

    def __init__(self, server_class, directory, voters=3, observers=0, config=None,
                 network="auto", kinds=None, config_of=None):
        """`kinds` are the server classes of the members, where they are not all the same, and
        `config_of` has more configuration for some of them."""
        self.directory = Path(directory)
        kinds = kinds or [server_class] * (voters + observers)
        numbers = range(1, len(kinds) + 1)
        self.observer_numbers = set(numbers[len(kinds) - observers :])
        self.config, self.config_of = config or {}, config_of or {}
        self.network = make_network(network, numbers)
        self.members = [
            Member(
                number, self.make_server(number, kind, f"server{number}"),
                number in self.observer_numbers)
            for number, kind in zip(numbers, kinds)]

    def make_server(self, number, server_class, name):
        config = {**ENSEMBLE_DEFAULTS, **self.server_lines(number), **self.config}
        config |= self.config_of.get(server_class, {})
        if number in self.observer_numbers:
            config["peerType"] = OBSERVER
        server = server_class(
            self.directory / name, config, self.network.host(number),
            self.network.client_port(number))
        server.prefix = self.network.prefix(number)
        server.data_dir.mkdir(parents=True, exist_ok=True)
        (server.data_dir / "myid").write_text(f"{number}\n")
        return server

    def replace(self, member, server_class):
        """Stops a member and puts one of another kind in its place: the same id, the same
        addresses, and nothing on its disk. The caller starts it."""
        if member.is_running:
            member.stop()
        name = f"{member.server.directory.name}-next"
        member.server = self.make_server(member.number, server_class, name)

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
        """Some member is Apache's, so that only what Apache's servers promise can be asked."""
        return any(member.server.is_apache for member in self.members)

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
        return "\n".join(f"--- {it}\n{it.server.log_tail(lines)}" for it in self.members)

    def synchronizations(self):
        """How often members were brought up to date by DIFF, TRUNC and SNAP, as our leaders say."""
        return Counter(
            kind for member in self.members
            for kind in re.findall(
                r"synchronizing server \d+ from \w+ by (\w+)", member.server.log_text()))

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
