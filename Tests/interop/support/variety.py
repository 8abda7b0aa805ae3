"""Requests of every kind, one after the other, on sessions that move from member to member.

Each client has a subtree of its own and knows what every request must be answered with. After some
requests it leaves its server and resumes its session at the next one, and finds its ephemerals and
its watches there.
"""

import base64
import hashlib
import random
import threading

from .jute import Writer
from .member import wait_until
from .wire import (
    OPEN_ACL, SET_WATCHES_XID, Disconnected, Err, Event, Flag, Op, RawClient, Session,
    create_body, multi_body, multi_errors, path_version_body, path_watch_body, set_body,
    watches_body)

TIMEOUT_MS = 20_000
BETWEEN_MOVES = 25
# Long enough to be there in the end, and short enough to be gone.
LONG_TTL_MS, SHORT_TTL_MS = 3_600_000, 300
USER = "keeper"
IDENTITY = f"{USER}:of-the-gate"
EVERYTHING = 31


def digest_identity():
    """What an access list has for somebody who says `auth digest IDENTITY`."""
    secret = hashlib.sha1(IDENTITY.encode()).digest()
    return f"{USER}:{base64.b64encode(secret).decode()}"


class VarietyClient:
    """One session, and what it has done."""

    def __init__(self, members, top, number, seed):
        self.members, self.number = members, number
        self.home = f"{top}/variety{number}"
        self.random = random.Random(seed)
        self.at = number
        self.session = Session()
        self.client = None
        self.names = 0
        self.done = 0
        # Version of each plain znode; ephemerals; those that only an identity may touch.
        self.versions, self.ephemerals, self.private = {}, [], []
        # What the reaper must take away.
        self.vanishing = []
        self.visited = []
        self.error = None
        self.may_create2_in_multi = all(it.server.applies_create2_in_multi for it in members)
        self.kinds = [
            (self.create, 16), (self.set, 18), (self.delete, 8), (self.ephemeral, 8),
            (self.sequential, 8), (self.multi, 8), (self.failing_multi, 4), (self.ttl, 5),
            (self.container, 4), (self.guarded, 6), (self.refused, 5), (self.read, 10)]

    # Sessions

    def move(self):
        """The next member has the session from now on."""
        if self.client is not None:
            self.client.drop()
        member = self.members[self.at % len(self.members)]
        self.at += 1
        self.visited.append(member)

        def connects():
            self.client = RawClient(
                member.server.host, member.server.port, TIMEOUT_MS, self.session)
            try:
                return self.client.connect()
            except (Disconnected, OSError):
                self.client.drop()
                return None

        before = self.session.id
        wait_until(connects, 15, f"session 0x{before:x} at {member}")
        assert before in (0, self.session.id), "another session"
        assert self.client.authenticate(IDENTITY).err == Err.OK
        for path in self.ephemerals:
            reply = self.client.call(Op.EXISTS, path_watch_body(path))
            assert reply.err == Err.OK, f"{path} is gone at {member}: {reply.err}"

    def watch_across_a_move(self, other):
        """A watch set at one member, fired for another session, seen after the move."""
        path = f"{self.home}/watched"
        assert self.client.get(path, watch=True).err == Err.OK
        seen = self.session.last_zxid
        self.move()
        assert other.client.set(path, b"%d" % self.done).err == Err.OK
        body = watches_body(seen, [path], [], [])
        # It may have been changed already where this client is now: then it fires at once.
        assert self.client.call(Op.SET_WATCHES, body, xid=SET_WATCHES_XID).err == Err.OK
        event = self.client.events.pop(0) if self.client.events else self.client.wait_for_event()
        assert (event.type, event.path) == (Event.DATA_CHANGED, path)

    # The work

    def begin(self):
        self.move()
        assert self.client.create(self.home).err == Err.OK
        assert self.client.create(f"{self.home}/watched").err == Err.OK
        assert self.client.create(f"{self.home}/queue").err == Err.OK

    def run(self, requests):
        goal = self.done + requests
        try:
            while self.done < goal:
                if self.done % BETWEEN_MOVES == BETWEEN_MOVES - 1:
                    self.move()
                kind = self.random.choices(*zip(*self.kinds))[0]
                kind()
        except BaseException as error:
            self.error = error

    def expect(self, reply, *errors):
        self.done += 1
        errors = errors or (Err.OK,)
        assert reply.err in errors, (
            f"client {self.number} at {self.visited[-1]}: {reply.err}, not {errors}, "
            f"zxid 0x{reply.zxid:x}")
        return reply

    def name(self, word="n"):
        self.names += 1
        return f"{self.home}/{word}{self.names}"

    def known(self):
        return self.random.choice(sorted(self.versions)) if self.versions else None

    def create(self):
        path = self.name()
        self.expect(self.client.create(path, b"x" * self.random.randrange(300)))
        self.versions[path] = 0

    def set(self):
        path = self.known() or f"{self.home}/watched"
        version = self.versions.get(path, -1)
        self.expect(self.client.set(path, b"%d" % self.done, version))
        if path in self.versions:
            self.versions[path] += 1

    def delete(self):
        path = self.known()
        if path is None:
            return self.create()
        self.expect(self.client.delete(path, self.versions.pop(path)))

    def ephemeral(self):
        if len(self.ephemerals) > 5:
            self.expect(self.client.delete(self.ephemerals.pop(0)))
            return
        path = self.name("e")
        self.expect(self.client.create(path, b"mine", Flag.EPHEMERAL))
        self.ephemerals.append(path)
        self.expect(self.client.create(f"{path}/child"), Err.NO_CHILDREN_FOR_EPHEMERALS)

    def sequential(self):
        flags = self.random.choice([Flag.SEQUENTIAL, Flag.EPHEMERAL_SEQUENTIAL])
        reply = self.expect(self.client.create(f"{self.home}/queue/item-", b"", flags))
        if flags == Flag.EPHEMERAL_SEQUENTIAL:
            self.ephemerals.append(reply.body.string())

    def multi(self):
        other_create = Op.CREATE2 if self.may_create2_in_multi else Op.CREATE
        one, other = self.name(), self.name()
        reply = self.expect(self.client.multi([
            (Op.CREATE, create_body(one, b"1")), (Op.SET_DATA, set_body(one, b"2")),
            (Op.CHECK, path_version_body(one, 1)), (other_create, create_body(other, b"3")),
            (Op.DELETE, path_version_body(other))]))
        assert multi_errors(reply.body)[:1] == [0]
        self.versions[one] = 1

    def failing_multi(self):
        path = self.name()
        reply = self.expect(self.client.multi([
            (Op.CREATE, create_body(path)), (Op.DELETE, path_version_body(f"{path}-not-there"))]))
        assert Err.NO_NODE in multi_errors(reply.body)
        self.expect(self.client.exists(path), Err.NO_NODE)

    def ttl(self):
        path = self.name("t")
        short = self.random.random() < 0.5
        flags = self.random.choice([Flag.TTL, Flag.SEQUENTIAL_TTL])
        reply = self.expect(
            self.client.create_ttl(path, SHORT_TTL_MS if short else LONG_TTL_MS, flags))
        if short:
            self.vanishing.append(reply.body.string())

    def container(self):
        path = self.name("c")
        body = create_body(path, b"", Flag.CONTAINER)
        self.expect(self.client.call(Op.CREATE_CONTAINER, body))
        self.expect(self.client.create(f"{path}/child"))
        if self.random.random() < 0.5:
            self.expect(self.client.delete(f"{path}/child"))
            self.vanishing.append(path)

    def guarded(self):
        path = self.name("g")
        acl = [(EVERYTHING, "digest", digest_identity())]
        self.expect(self.client.create(path, b"secret", acl=acl))
        self.expect(self.client.set(path, b"still secret"))
        self.private.append(path)
        if self.random.random() < 0.3:
            body = Writer().string(path).acl(OPEN_ACL).int(0).bytes
            self.expect(self.client.call(Op.SET_ACL, body))
            self.private.remove(path)

    def refused(self):
        path = self.known()
        if path is None:
            return self.create()
        self.expect(self.client.create(path), Err.NODE_EXISTS)
        self.expect(self.client.set(path, b"", self.versions[path] + 7), Err.BAD_VERSION)

    def read(self):
        path = self.known()
        if path is not None:
            self.expect(self.client.get(path))


class Variety:
    """Some clients at once, and what must be so when they are through."""

    def __init__(self, ensemble, top, clients=3, seed=1):
        self.members = ensemble.members
        self.top = top
        self.clients = [
            VarietyClient(self.members, top, number, seed * 100 + number)
            for number in range(clients)]

    def run(self, requests):
        """So many requests of all clients together, in parallel."""
        with self.reader() as client:
            client.create(self.top)
        for client in self.clients:
            client.begin()
        threads = [
            threading.Thread(
                target=client.run, args=(requests // len(self.clients),), daemon=True)
            for client in self.clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive(), "requests are not answered"
        for client in self.clients:
            if client.error is not None:
                raise client.error
        for client in self.clients:
            client.watch_across_a_move(self.clients[(client.number + 1) % len(self.clients)])

    def reader(self, member=None):
        member = member or self.members[0]
        return RawClient(member.server.host, member.server.port, TIMEOUT_MS)

    @property
    def requests(self):
        return sum(client.done for client in self.clients)

    def check_everywhere(self):
        """At every member: who may not read does not, and what was to vanish is gone."""
        for member in self.members:
            with self.reader(member) as stranger:
                assert stranger.call(Op.SYNC, Writer().string("/").bytes).err == Err.OK
                for path in some_private(self.clients):
                    assert stranger.get(path).err == Err.NO_AUTH, f"{path} at {member}"
                for client in self.clients:
                    for path in client.vanishing:
                        wait_until(
                            lambda path=path: stranger.exists(path).err == Err.NO_NODE, 15,
                            f"{path} to be gone at {member}")

    def close(self):
        """What is guarded goes, so that others can read the tree, and the sessions end."""
        for client in self.clients:
            if client.client is None or client.error is not None:
                continue
            for path in client.private:
                client.client.delete(path)
            client.client.close()


def some_private(clients, count=5):
    return [path for client in clients for path in client.private[:count]]
