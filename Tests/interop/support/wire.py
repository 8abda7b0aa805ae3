"""A raw client of the ZooKeeper protocol: one socket, one session, no threads, no retries.

It sends what it is told to send, also what no sane client would, and hands back every frame
in the order of arrival. Watch events are kept apart in `events`, with their place in the stream.
"""

import socket
import struct
import time
from dataclasses import dataclass, field

from .jute import Reader, Writer


class Op:
    CREATE, DELETE, EXISTS, GET_DATA, SET_DATA = 1, 2, 3, 4, 5
    GET_ACL, SET_ACL, GET_CHILDREN, SYNC, PING = 6, 7, 8, 9, 11
    GET_CHILDREN2, CHECK, MULTI, CREATE2 = 12, 13, 14, 15
    CHECK_WATCHES, REMOVE_WATCHES, CREATE_CONTAINER, DELETE_CONTAINER = 17, 18, 19, 20
    CREATE_TTL, MULTI_READ = 21, 22
    AUTH, SET_WATCHES, SASL, GET_EPHEMERALS, GET_ALL_CHILDREN_NUMBER = 100, 101, 102, 103, 104
    SET_WATCHES2, ADD_WATCH, WHO_AM_I, CLOSE = 105, 106, 107, -11


class Err:
    OK, UNIMPLEMENTED, BAD_ARGUMENTS, MARSHALLING = 0, -6, -8, -5
    NO_NODE, NO_AUTH, BAD_VERSION, NO_CHILDREN_FOR_EPHEMERALS = -101, -102, -103, -108
    NODE_EXISTS, NOT_EMPTY, INVALID_ACL, AUTH_FAILED = -110, -111, -114, -115
    RUNTIME_INCONSISTENCY, NO_WATCHER, QUOTA_EXCEEDED = -2, -121, -125
    NOT_READ_ONLY, EPHEMERAL_ON_LOCAL_SESSION = -119, -120


class Event:
    CREATED, DELETED, DATA_CHANGED, CHILDREN_CHANGED = 1, 2, 3, 4
    CHILD_WATCH_REMOVED, DATA_WATCH_REMOVED, PERSISTENT_WATCH_REMOVED = 5, 6, 7


class Flag:
    PERSISTENT, EPHEMERAL, SEQUENTIAL, EPHEMERAL_SEQUENTIAL = 0, 1, 2, 3
    CONTAINER, TTL, SEQUENTIAL_TTL = 4, 5, 6


PERSISTENT_WATCH, RECURSIVE_WATCH = 0, 1
NOTIFICATION_XID, PING_XID, AUTH_XID, SET_WATCHES_XID = -1, -2, -4, -8
OPEN_ACL = [(31, "world", "anyone")]

STAT_FORMAT = ">qqqqiiiqiiq"
STAT_FIELDS = (
    "czxid mzxid ctime mtime version cversion aversion ephemeral_owner data_length "
    "num_children pzxid"
).split()


class Stat:
    def __init__(self, data):
        for name, value in zip(STAT_FIELDS, struct.unpack(STAT_FORMAT, data)):
            setattr(self, name, value)

    def __repr__(self):
        return f"Stat({vars(self)})"


def read_stat(reader):
    return Stat(reader.take(struct.calcsize(STAT_FORMAT)))


@dataclass
class Reply:
    xid: int
    zxid: int
    err: int
    body: Reader


@dataclass
class WatchEvent:
    type: int
    path: str
    zxid: int
    # How many replies had been read when it came.
    after_replies: int


@dataclass
class Session:
    """What a client keeps to come back with: the id, the password and the last zxid it saw."""

    id: int = 0
    password: bytes = bytes(16)
    last_zxid: int = 0


class SessionRefused(Exception):
    """The server answered the handshake with a timeout of zero: the session is gone."""


class Disconnected(Exception):
    """The server closed the connection."""


def frame(payload):
    return struct.pack(">i", len(payload)) + bytes(payload)


def connect_request(session, timeout_ms, read_only=False):
    """The handshake; `read_only=None` leaves the last byte out, as clients before 3.4 do."""
    body = Writer().int(0).long(session.last_zxid).int(timeout_ms)
    body.long(session.id).buffer(session.password)
    if read_only is not None:
        body.bool(read_only)
    return frame(body.bytes)


def request(xid, op, body=b""):
    return frame(Writer().int(xid).int(op).raw(body).bytes)


@dataclass
class RawClient:
    host: str
    port: int
    timeout_ms: int = 10_000
    session: Session = field(default_factory=Session)
    read_only: object = False
    patience_s: float = 15.0

    def __post_init__(self):
        self.events = []
        self.replies_read = 0
        self.next_xid = 1
        self.pending_bytes = bytearray()
        self.socket = None

    # Connecting

    def connect(self):
        self.open_socket()
        self.socket.sendall(connect_request(self.session, self.timeout_ms, self.read_only))
        reader = Reader(self.read_frame())
        self.protocol_version = reader.int()
        self.negotiated_ms = reader.int()
        session_id = reader.long()
        password = reader.buffer()
        self.read_only_byte = reader.bool() if reader.remaining else None
        if self.negotiated_ms <= 0:
            self.drop()
            raise SessionRefused(f"session 0x{self.session.id:x}")
        self.session.id, self.session.password = session_id, password
        return self

    def open_socket(self):
        self.socket = socket.create_connection((self.host, self.port), timeout=self.patience_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending_bytes.clear()
        return self

    def drop(self):
        """Cuts the TCP connection and leaves the session to its timeout."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def reconnect(self):
        self.drop()
        return self.connect()

    def close(self):
        """Ends the session and waits until the server has said so."""
        if self.socket is None:
            return
        try:
            self.call(Op.CLOSE)
        except (Disconnected, OSError):
            pass
        self.drop()

    def __enter__(self):
        return self.connect()

    def __exit__(self, *_):
        self.close()

    # Frames

    def send_raw(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionError, BrokenPipeError) as error:
            raise Disconnected(str(error)) from error

    def send(self, op, body=b"", xid=None):
        if xid is None:
            xid, self.next_xid = self.next_xid, self.next_xid + 1
        self.send_raw(request(xid, op, body))
        return xid

    def read_frame(self, patience_s=None):
        deadline = time.monotonic() + (self.patience_s if patience_s is None else patience_s)
        while True:
            if len(self.pending_bytes) >= 4:
                length = struct.unpack(">i", self.pending_bytes[:4])[0]
                if len(self.pending_bytes) >= 4 + length:
                    payload = bytes(self.pending_bytes[4 : 4 + length])
                    del self.pending_bytes[: 4 + length]
                    return payload
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                received = self.socket.recv(1 << 18)
            except ConnectionError as error:
                raise Disconnected(str(error)) from error
            if not received:
                raise Disconnected("the server closed the connection")
            self.pending_bytes += received

    def read_reply(self, patience_s=None):
        """The next reply; events that come before it are appended to `events`."""
        while True:
            reader = Reader(self.read_frame(patience_s))
            reply = Reply(reader.int(), reader.long(), reader.int(), reader)
            if reply.xid == NOTIFICATION_XID:
                kind, _, path = reader.int(), reader.int(), reader.string()
                self.events.append(WatchEvent(kind, path, reply.zxid, self.replies_read))
                continue
            self.replies_read += 1
            if reply.zxid > 0:
                self.session.last_zxid = max(self.session.last_zxid, reply.zxid)
            return reply

    def call(self, op, body=b"", xid=None):
        sent = self.send(op, body, xid)
        reply = self.read_reply()
        assert reply.xid == sent, f"a reply to {reply.xid} where one to {sent} was due"
        return reply

    def drain_events(self):
        """A ping and its answer: whatever the server had queued before it has now arrived."""
        self.call(Op.PING, xid=PING_XID)
        events, self.events = self.events, []
        return events

    def wait_for_event(self, patience_s=10.0):
        """Waits for the next event of its own accord, without sending anything."""
        while not self.events:
            reader = Reader(self.read_frame(patience_s))
            xid, zxid, _ = reader.int(), reader.long(), reader.int()
            assert xid == NOTIFICATION_XID, f"a reply (xid {xid}) nobody asked for"
            kind, _, path = reader.int(), reader.int(), reader.string()
            self.events.append(WatchEvent(kind, path, zxid, self.replies_read))
        return self.events.pop(0)

    # The common operations

    def authenticate(self, identity):
        """`identity` is `user:password`, of the digest scheme."""
        body = Writer().int(0).string("digest").buffer(identity.encode()).bytes
        return self.call(Op.AUTH, body, xid=AUTH_XID)

    def create(self, path, data=b"", flags=Flag.PERSISTENT, acl=OPEN_ACL):
        return self.call(Op.CREATE, create_body(path, data, flags, acl))

    def create_ttl(self, path, ttl_ms, flags=Flag.TTL):
        body = Writer().raw(create_body(path, b"", flags)).long(ttl_ms).bytes
        return self.call(Op.CREATE_TTL, body)

    def get(self, path, watch=False):
        return self.call(Op.GET_DATA, path_watch_body(path, watch))

    def exists(self, path, watch=False):
        return self.call(Op.EXISTS, path_watch_body(path, watch))

    def children(self, path, watch=False):
        return self.call(Op.GET_CHILDREN, path_watch_body(path, watch))

    def set(self, path, data, version=-1):
        return self.call(Op.SET_DATA, set_body(path, data, version))

    def delete(self, path, version=-1):
        return self.call(Op.DELETE, path_version_body(path, version))

    def add_watch(self, path, mode):
        return self.call(Op.ADD_WATCH, Writer().string(path).int(mode).bytes)

    def multi(self, operations):
        return self.call(Op.MULTI, multi_body(operations))


# Bodies of requests


def create_body(path, data=b"", flags=Flag.PERSISTENT, acl=OPEN_ACL):
    return Writer().string(path).buffer(data).acl(acl).int(flags).bytes


def path_watch_body(path, watch=False):
    return Writer().string(path).bool(watch).bytes


def path_version_body(path, version=-1):
    return Writer().string(path).int(version).bytes


def set_body(path, data, version=-1):
    return Writer().string(path).buffer(data).int(version).bytes


def watches_body(relative_zxid, *lists):
    """setWatches has lists of data, exists and child watches; setWatches2 two more."""
    writer = Writer().long(relative_zxid)
    for paths in lists:
        writer.strings(paths)
    return writer.bytes


def multi_body(operations):
    """`operations` are pairs of an opcode and a body."""
    writer = Writer()
    for op, body in operations:
        writer.int(op).bool(False).int(-1).raw(body)
    return writer.int(-1).bool(True).int(-1).bytes


def multi_errors(reader):
    """The error code of each part of a multi's answer, 0 where it succeeded."""
    errors = []
    while True:
        op, done, _ = reader.int(), reader.bool(), reader.int()
        if done:
            return errors
        error = 0
        if op == -1:
            error = reader.int()
        elif op in (Op.CREATE, Op.CREATE2):
            reader.string()
        if op in (Op.SET_DATA, Op.CREATE2):
            read_stat(reader)
        errors.append(error)


def four_letter_word(host, port, command, extra=b"", patience_s=5.0):
    """Sends the command and reads until the server closes."""
    with socket.create_connection((host, port), timeout=patience_s) as connection:
        connection.sendall(command.encode() + extra)
        answer = bytearray()
        while True:
            try:
                piece = connection.recv(1 << 16)
            except ConnectionResetError:
                break
            if not piece:
                break
            answer += piece
    return answer.decode("latin-1")
