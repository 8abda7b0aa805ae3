"""Random faults of an ensemble, each of which a minority may have at any time, and their counts."""

import time
from collections import Counter

from . import exit_codes
from .ensemble import wait_until
from .hostile_peers import HostilePeers

# Where the records of a log file of ours begin, roughly, and where a busy one has some.
DAMAGE_OFFSETS = (4200, 20_000)


class Faults:
    """Does one fault after the other; what a fault leaves broken, `mend` of the ensemble ends."""

    def __init__(self, ensemble, choose):
        self.ensemble, self.choose = ensemble, choose
        self.counts = Counter()
        self.peers = HostilePeers([
            (member.server.host, port) for member in ensemble.members
            for port in ensemble.network.peer_ports(member.number)], choose.randrange(10**6))
        self.kinds = {
            self.kill_leader: 4, self.kill_some: 4, self.kill_all: 1, self.kill_majority: 1,
            self.stop_one: 2, self.pause_leader: 2, self.pause_one: 2, self.isolate_leader: 3,
            self.isolate_one: 2, self.cut_one_way: 3, self.cut_a_pair: 2, self.lose_disk: 2,
            self.attack: 1,
        }
        if ensemble.network.can_delay:
            self.kinds[self.delay] = 2
        if not ensemble.is_apache:
            self.kinds[self.flip_bit] = 1

    def one(self):
        """A random fault; returns its name."""
        fault = self.choose.choices([*self.kinds], [*self.kinds.values()])[0]
        fault()
        return fault.__name__

    @property
    def running(self):
        return [it for it in self.ensemble.members if it.is_running and not it.is_paused]

    @property
    def minority(self):
        return (len(self.ensemble.voters) - 1) // 2

    def leader_or_any(self):
        return self.ensemble.leader() or self.choose.choice(self.running)

    def linger(self, longest_s=3.0):
        """How long a fault lasts: often shorter than it takes to be noticed."""
        time.sleep(self.choose.choice([0.05, 0.3, 1.0]) * self.choose.uniform(0, longest_s))

    # Crashes

    def kill(self, members):
        for member in members:
            member.kill()
            self.counts["kills"] += 1

    def restart(self, members):
        for member in self.choose.sample(members, len(members)):
            member.start()
            if self.choose.random() < 0.2:
                # Once more, while it recovers or synchronizes.
                self.linger(1.0)
                self.kill([member])
                member.start()

    def kill_leader(self):
        leader = self.leader_or_any()
        self.kill([leader])
        self.linger()
        self.restart([leader])

    def kill_some(self):
        count = self.choose.randint(1, self.minority)
        victims = self.choose.sample(self.ensemble.members, count)
        self.kill(victims)
        self.linger()
        self.restart(victims)

    def kill_majority(self):
        victims = self.choose.sample(self.ensemble.voters, self.minority + 1)
        self.kill(victims)
        self.linger()
        self.restart(victims)

    def kill_all(self):
        self.counts["kills"] += len(self.ensemble.members)
        self.ensemble.kill_all()
        self.linger(1.0)
        self.restart(self.ensemble.members)

    def stop_one(self):
        member = self.choose.choice(self.running)
        member.stop()
        self.counts["stops"] += 1
        self.linger()
        self.restart([member])

    # Pauses and the network

    def pause(self, member):
        member.pause()
        self.counts["pauses"] += 1
        self.linger(5.0)
        member.resume()

    def pause_leader(self):
        self.pause(self.leader_or_any())

    def pause_one(self):
        self.pause(self.choose.choice(self.running))

    def partition(self, *cuts):
        for cut, *arguments in cuts:
            cut(*arguments)
        self.counts["partitions"] += 1
        self.linger(6.0)
        self.ensemble.network.heal()

    def isolate_leader(self):
        self.partition((self.ensemble.network.isolate, self.leader_or_any().number))

    def isolate_one(self):
        self.partition(
            (self.ensemble.network.isolate, self.choose.choice(self.ensemble.members).number))

    def two(self):
        return [member.number for member in self.choose.sample(self.ensemble.members, 2)]

    def cut_one_way(self):
        network, number = self.ensemble.network, self.choose.choice(self.ensemble.members).number
        if self.choose.random() < 0.5:
            self.partition((network.cut_one_way, *self.two()))
            return
        others = [it for it in network.members if it != number]
        pairs = [(number, other) for other in others]
        if self.choose.random() < 0.5:
            pairs = [pair[::-1] for pair in pairs]
        self.partition(*((network.cut_one_way, *pair) for pair in pairs))

    def cut_a_pair(self):
        self.partition((self.ensemble.network.cut, *self.two()))

    def delay(self):
        seconds = self.choose.uniform(0.01, 0.5)
        self.partition((self.ensemble.network.delay, *self.two(), seconds))

    # Disks and strangers

    def whole(self):
        """Before a disk is taken away everyone has all: it may be the only copy otherwise."""
        self.ensemble.network.heal()
        for member in self.ensemble.members:
            member.resume()
            member.start()
        for member in self.ensemble.members:
            self.ensemble.wait_for_role(member, limit_s=60)

    def lose_disk(self):
        self.whole()
        victim = self.choose.choice(self.ensemble.members)
        self.kill([victim])
        victim.wipe()
        self.counts["lost disks"] += 1
        self.linger()
        victim.start()
        self.ensemble.wait_for_role(victim, limit_s=60)

    def flip_bit(self):
        """A server with a damaged log does not serve; its disk is replaced then."""
        self.whole()
        victim = self.choose.choice(self.ensemble.members)
        self.kill([victim])
        segment = self.choose.choice(victim.server.segments)
        victim.flip_bit(segment, self.choose.randint(*DAMAGE_OFFSETS))
        self.counts["flipped bits"] += 1
        victim.start()
        wait_until(
            lambda: not victim.is_running or victim.role(), 60, f"{victim} serves, or refuses")
        if not victim.is_running:
            code = victim.server.wait_for_exit(5)
            assert code == exit_codes.DAMAGED_DATA, f"{victim} ended with {code}"
            victim.wipe()
            victim.start()
        self.ensemble.wait_for_role(victim, limit_s=60)

    def attack(self):
        self.peers.attack(50)
        self.counts["hostile connections"] = self.peers.sent
        self.linger()
        self.peers.close()
