"""What lies between the members of an ensemble, and how it is cut.

Kinds with the same methods: `NamespaceNetwork` gives each member a network namespace, so that
what is cut is lost without a trace (root on Linux only); `ProxyNetwork` leads every connection
between two members through a proxy (proxy.py). `a` to `b` is what member `a` sends.
"""

import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .ports import HOST, free_port

NETWORKS = ["auto", "netns", "proxy"]
# Not among them: nothing of it can be cut.
LOOPBACK = "loopback"
CLIENT_PORT, QUORUM_PORT, ELECTION_PORT = 2181, 2888, 3888
# No network card has it, so that frames sent to it arrive nowhere.
NOWHERE = "02:00:00:00:00:00"
PROXY = Path(__file__).with_name("proxy.py")

numbers = itertools.count(1)


def make_network(kind, members):
    if kind == LOOPBACK:
        return LoopbackNetwork(members)
    if kind == "netns" or (kind == "auto" and NamespaceNetwork.is_permitted()):
        return NamespaceNetwork(members)
    return ProxyNetwork(members)


class Network:
    """The part that all kinds share; `members` are the ids."""

    # What a member is started with, before its own command.
    prefixes = {}

    def __init__(self, members):
        self.members = list(members)

    def prefix(self, member):
        return self.prefixes.get(member, [])

    def cut(self, one, other):
        """Both directions between two members."""
        self.cut_one_way(one, other)
        self.cut_one_way(other, one)

    def isolate(self, member, others=None):
        """Cuts a member off from the others, or from those named."""
        for other in others or self.members:
            if other != member:
                self.cut(member, other)


class NamespaceNetwork(Network):
    """A bridge with a namespace for each member; clients come from outside by the bridge."""

    can_delay = False

    def __init__(self, members):
        super().__init__(members)
        self.remove_stale()
        # Names have the process in them, so that those of a process that is gone can be removed.
        self.name = f"zk{os.getpid()}n{next(numbers)}"
        self.subnet = unused_subnet()
        ip("link", "add", self.name, "type", "bridge")
        ip("address", "add", f"{self.subnet}.254/24", "dev", self.name)
        ip("link", "set", self.name, "up")
        for member in self.members:
            self.add(member)
        self.prefixes = {
            member: ["ip", "netns", "exec", self.namespace(member)] for member in self.members}
        self.hardware_addresses = {member: self.hardware_address(member) for member in members}

    def add(self, member):
        namespace, outside = self.namespace(member), f"{self.name}m{member}"
        ip("netns", "add", namespace)
        ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        ip("link", "set", outside, "master", self.name, "up")
        ip("-n", namespace, "address", "add", f"{self.host(member)}/24", "dev", "eth0")
        ip("-n", namespace, "link", "set", "eth0", "up")
        ip("-n", namespace, "link", "set", "lo", "up")

    @staticmethod
    def is_permitted():
        if os.geteuid() != 0 or shutil.which("ip") is None:
            return False
        probe = f"zkprobe{os.getpid()}"
        made = subprocess.run(
            ["ip", "netns", "add", probe], capture_output=True, check=False).returncode == 0
        if made:
            made = subprocess.run(
                ["ip", "link", "add", probe, "type", "bridge"], capture_output=True, check=False
            ).returncode == 0
            subprocess.run(["ip", "link", "delete", probe], capture_output=True, check=False)
            ip("netns", "delete", probe)
        return made

    @staticmethod
    def remove_stale():
        """What a run that was killed has left behind."""
        listed = json.loads(ip("-json", "link", "show", "type", "bridge") or "[]")
        names = [entry["ifname"] for entry in listed if entry.get("ifname", "").startswith("zk")]
        for name in names:
            process = name[2:].partition("n")[0]
            if process.isdigit() and not os.path.exists(f"/proc/{process}"):
                ip("link", "delete", name)
                for line in ip("netns", "list").splitlines():
                    if line.startswith(f"{name}m"):
                        ip("netns", "delete", line.split()[0])

    def namespace(self, member):
        return f"{self.name}m{member}"

    def hardware_address(self, member):
        shown = ip("-n", self.namespace(member), "-json", "link", "show", "eth0")
        return json.loads(shown)[0]["address"]

    def host(self, member):
        return f"{self.subnet}.{member}"

    def client_port(self, member):
        return CLIENT_PORT

    def peer_ports(self, member):
        return QUORUM_PORT, ELECTION_PORT

    def addresses(self, member, seen_by):
        """Host, quorum port and election port of a member, as another one is told."""
        return self.host(member), QUORUM_PORT, ELECTION_PORT

    def cut_one_way(self, sender, receiver):
        self.lead(sender, receiver, NOWHERE)

    def heal(self):
        for sender, receiver in itertools.permutations(self.members, 2):
            self.lead(sender, receiver, self.hardware_addresses[receiver])

    def lead(self, sender, receiver, hardware_address):
        """Says where frames from one to the other go."""
        ip("-n", self.namespace(sender), "neighbour", "replace", self.host(receiver), "lladdr",
           hardware_address, "dev", "eth0", "nud", "permanent")

    def close(self):
        for member in self.members:
            ip("netns", "delete", self.namespace(member))
        ip("link", "delete", self.name)


class LoopbackNetwork(Network):
    """Every member listens on loopback, and nothing is between them."""

    can_delay = False

    def __init__(self, members):
        super().__init__(members)
        self.client_ports = {member: free_port() for member in members}
        self.real = {member: (free_port(), free_port()) for member in members}

    def host(self, member):
        return HOST

    def client_port(self, member):
        return self.client_ports[member]

    def peer_ports(self, member):
        return self.real[member]

    def addresses(self, member, seen_by):
        return HOST, *self.real[member]

    def heal(self):
        """Nothing is cut."""

    def close(self):
        """Nothing is kept."""


class ProxyNetwork(Network):
    """Every member listens on loopback, and is told a proxy's ports for each of the others."""

    can_delay = True

    def __init__(self, members):
        super().__init__(members)
        self.client_ports = {member: free_port() for member in members}
        self.real = {member: (free_port(), free_port()) for member in members}
        self.blocked, self.delays = set(), {}
        # A process of its own: here it would wait for whatever else this one does.
        self.proxy = subprocess.Popen(
            [sys.executable, PROXY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.tell([
            [*pair, *self.real[pair[1]]] for pair in itertools.permutations(self.members, 2)])
        ports = json.loads(self.proxy.stdout.readline())
        self.proxied = {(one, other): own for one, other, *own in ports}

    def tell(self, line):
        self.proxy.stdin.write(f"{json.dumps(line)}\n")
        self.proxy.stdin.flush()

    def tell_state(self):
        self.tell({
            "blocked": sorted(self.blocked),
            "delays": [[*pair, seconds] for pair, seconds in self.delays.items()]})

    def host(self, member):
        return HOST

    def client_port(self, member):
        return self.client_ports[member]

    def peer_ports(self, member):
        return self.real[member]

    def addresses(self, member, seen_by):
        ports = self.real[member] if member == seen_by else self.proxied[seen_by, member]
        return HOST, *ports

    def cut_one_way(self, sender, receiver):
        self.blocked.add((sender, receiver))
        self.tell_state()

    def delay(self, sender, receiver, seconds):
        self.delays[sender, receiver] = seconds
        self.tell_state()

    def heal(self):
        self.blocked.clear()
        self.delays.clear()
        self.tell_state()

    def close(self):
        self.proxy.stdin.close()
        self.proxy.wait(10)
        self.proxy.stdout.close()


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def unused_subnet():
    used = {
        address["local"].rpartition(".")[0]
        for entry in json.loads(ip("-json", "-4", "address", "show"))
        for address in entry.get("addr_info", [])}
    offset = os.getpid()
    for number in range(256):
        subnet = f"10.213.{(offset + number) % 256}"
        if subnet not in used:
            return subnet
    raise RuntimeError("no subnet of 10.213.0.0/16 is free")
