"""One session on each of two servers, led through the same requests in lock step."""

from dataclasses import dataclass, field

from .differential_known import known_difference
from .differential_replies import decode
from .wire import (
    PING_XID, Disconnected, Op, RawClient, path_version_body, request as frame_of)

# Longer than any pause between two requests of a session.
SESSION_TIMEOUT_MS = 30_000
PATIENCE_S = 30
# A path that nobody creates: deleting it takes a zxid and changes nothing.
ABSENT = "/absent/absent"


class Divergence(AssertionError):
    """The servers answered differently and were not meant to."""


@dataclass
class Request:
    op: int
    body: bytes = b""
    # What it is, for people.
    text: str = ""
    path: str | None = None
    xid: int | None = None
    # Parts of a multi.
    parts: list = field(default_factory=list)
    # It must not share a window with others.
    is_alone: bool = False


@dataclass
class Answer:
    """What one server sent for one request: events that came first, then the reply's fields."""

    events: list
    fields: dict | None


class Pair:
    """Two clients, ours and Apache's, that do the same."""

    def __init__(self, world, name, timeout_ms=SESSION_TIMEOUT_MS):
        self.world, self.name = world, name
        # What it proves after every reconnect.
        self.credentials = []
        self.clients = [
            RawClient(server.host, server.port, timeout_ms, patience_s=PATIENCE_S)
            for server in world.servers
        ]

    def connect(self):
        """Opens a session on both, or resumes it; what the handshakes said must be the same."""
        said = []
        for client, sessions in zip(self.clients, self.world.sessions):
            client.connect()
            sessions.names[client.session.id] = self.name
            said.append({
                "protocol version": client.protocol_version, "timeout": client.negotiated_ms,
                "read-only": client.read_only_byte, "password bytes": len(client.session.password)})
        self.world.compare("handshake", self, *said)
        return self

    def drop(self):
        for client in self.clients:
            client.drop()
            client.events.clear()

    def exchange(self, requests):
        """Sends all requests at once, then takes every answer and compares one after another."""
        for request in requests:
            if request.xid is None:
                request.xid = self.clients[0].next_xid
                for client in self.clients:
                    client.next_xid += 1
        frames = b"".join(frame_of(it.xid, it.op, it.body) for it in requests)
        for client in self.clients:
            try:
                client.send_raw(frames)
            except Disconnected:
                # The first answer will be missing too.
                pass
        if requests[0].op == Op.CHECK:
            return self.take_check(requests[0])
        answers = [
            [self.read(client, sessions, request.op) for request in requests]
            for client, sessions in zip(self.clients, self.world.sessions)
        ]
        for request, ours, theirs in zip(requests, *answers):
            self.compare(request, ours, theirs)
        return [answer.fields for answer in answers[0]]

    def read(self, client, sessions, op):
        try:
            reply = client.read_reply()
        except Disconnected:
            return Answer(self.taken_events(client), None)
        except TimeoutError:
            return Answer(self.taken_events(client), {"err": "no answer"})
        return Answer(self.taken_events(client), decode(op, reply, sessions))

    def take_check(self, request):
        """Apache does not answer a check alone that succeeds; a ping behind it tells."""
        ours = self.read(self.clients[0], self.world.sessions[0], request.op)
        self.clients[1].send(Op.PING, xid=PING_XID)
        theirs = self.read(self.clients[1], self.world.sessions[1], request.op)
        if theirs.fields and theirs.fields["xid"] == PING_XID:
            theirs.fields["err"] = "no answer"
        else:
            self.clients[1].read_reply()
        self.compare(request, ours, theirs)
        return [ours.fields]

    def taken_events(self, client):
        events, client.events = client.events, []
        return [(event.type, event.path) for event in events]

    def compare(self, request, ours, theirs):
        self.world.count(self, request, ours)
        # Ephemerals of one session go in one transaction, and Apache in no order.
        in_order = sorted if self.world.has_closed_session else list
        if in_order(ours.events) != in_order(theirs.events):
            self.world.diverged(self, request, "events", ours.events, theirs.events)
        if ours.fields == theirs.fields:
            return
        if ours.fields is None or theirs.fields is None:
            self.world.diverged(self, request, "connection", ours.fields, theirs.fields)
        elif difference := known_difference(request, ours.fields, theirs.fields):
            self.world.accepted[difference.name] += 1
            for _ in range(difference.zxids):
                self.use_up_zxid(self.clients[0])
        else:
            self.world.compare(request.text, self, ours.fields, theirs.fields, request)

    def use_up_zxid(self, client):
        """A deletion that fails: it changes nothing and is a transaction."""
        client.call(Op.DELETE, path_version_body(ABSENT))

    def ping(self):
        """Whatever the servers sent on their own accord has come before the answer."""
        self.exchange([Request(Op.PING, text="ping", xid=-2)])
