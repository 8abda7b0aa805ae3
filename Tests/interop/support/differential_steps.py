"""What happens to whole sessions and connections between the requests: identities, reconnects,
closing, expiry, quotas, and input that no client sends."""

import struct
import time

from .differential_pair import Divergence, Pair, Request
from .differential_vocabulary import (
    ANY, LIMITED, OPEN, PERSISTENT, RECURSIVE, STANDARD, USERS)
from .jute import Writer
from .wire import (
    AUTH_XID, PING_XID, SET_WATCHES_XID, Disconnected, Flag, Op, RawClient, Session, SessionRefused,
    create_body, frame, multi_body, path_version_body, path_watch_body, set_body, watches_body)

SHORT_TIMEOUT_MS = 400
EXPIRY_LIMIT_S = 20
# An id that no server gives out.
NO_SESSION = 0x7777_0000_0001
UNKNOWN_OPERATIONS = [0, 10, 99, 108, 500, -1, -5, 2**31 - 1, -(2**31)]


class Steps:
    """Each step takes a pair of sessions, and leaves both servers the same."""

    def __init__(self, run):
        self.run = run
        self.choose = run.choose
        self.generator = run.generator
        self.world = run.world
        self.makers = [
            (self.authenticate, 10), (self.reconnect, 12), (self.close, 8), (self.take_over, 5),
            (self.malformed_body, 25), (self.malformed_frame, 4), (self.wrong_password, 2),
            (self.wrong_session, 2), (self.from_the_future, 2), (self.unknown_operation, 6),
            (self.refused_identity, 4), (self.rare_operation, 5), (self.set_quota, 4),
            (self.remove_quota, 3), (self.expire, 0.4),
        ]

    def take(self, pair):
        makers, weights = zip(*self.makers)
        step = self.choose.choices(makers, weights)[0]
        self.world.trace.append(f"{pair.name}: step {step.__name__}")
        step(pair)

    # Identities

    def authenticate(self, pair, credential=None):
        credential = credential or self.choose.choice([*USERS, "nobody", "", ":", "a:b:c"])
        pair.credentials.append(credential)
        self.prove(pair, credential)

    def prove(self, pair, credential):
        body = Writer().int(0).string("digest").string(credential).bytes
        pair.exchange([Request(Op.AUTH, body, f"auth digest {credential!r}", xid=AUTH_XID)])

    def refused_identity(self, pair):
        """The servers refuse it and close the connection."""
        pair.ping()
        scheme = self.choose.choice(["nobody", "world", "", "super", None])
        body = Writer().int(0).string(scheme).buffer(b"x").bytes
        pair.exchange([Request(Op.AUTH, body, f"auth {scheme!r}", xid=AUTH_XID)])
        self.both_close(pair, f"auth {scheme!r}")
        self.come_back(pair)

    # Connections

    def reconnect(self, pair):
        """Away for a while in which others write, then back with the watches it says it had."""
        pair.ping()
        pair.drop()
        others = [other for other in self.run.pairs if other is not pair]
        for _ in range(self.choose.choice([0, 1, 2])):
            self.run.window(self.choose.choice(others))
        self.come_back(pair)
        if self.choose.random() < 0.8:
            self.set_watches(pair)

    def come_back(self, pair):
        pair.drop()
        pair.connect()
        for credential in pair.credentials:
            self.prove(pair, credential)

    def set_watches(self, pair):
        paths = {self.generator.path() for _ in range(self.choose.choice([3, 10, 30]))}
        of_mode = {mode: [] for mode in (STANDARD, PERSISTENT, RECURSIVE, None)}
        for path in sorted(path for path in paths if max(path, default="") <= "\uffff"):
            of_mode[self.generator.watch_mode(pair, path)].append(path)
        lists = [[], [], []]
        for path in of_mode[STANDARD]:
            self.choose.choice(lists).append(path)
        op = self.choose.choice([Op.SET_WATCHES, Op.SET_WATCHES2])
        if op == Op.SET_WATCHES2:
            lists += [of_mode[PERSISTENT], of_mode[RECURSIVE]]
        seen = pair.clients[0].session.last_zxid
        zxid = max(0, seen - self.choose.choice([0, 0, 5, 50, 500, seen]))
        pair.exchange([Request(
            op, watches_body(zxid, *lists), f"setWatches since {zxid:#x} {lists}",
            xid=SET_WATCHES_XID)])

    def take_over(self, pair):
        """A second connection resumes the session while the first is still there."""
        pair.ping()
        first = [(client, client.socket, client.pending_bytes) for client in pair.clients]
        for client in pair.clients:
            client.socket, client.pending_bytes, client.events = None, bytearray(), []
        pair.connect()
        for client, socket, _ in first:
            old = RawClient(client.host, client.port)
            old.socket = socket
            self.closes(old, pair, "the connection that was taken over")
        for credential in pair.credentials:
            self.prove(pair, credential)

    def close(self, pair):
        """Ends the session, with its ephemerals, and opens another in its place."""
        self.world.has_closed_session = True
        pair.exchange([Request(Op.CLOSE, text="close")])
        self.both_close(pair, "close")
        self.run.replace(pair)
        self.run.ping_all()
        self.world.has_closed_session = False

    def expire(self, _):
        """A session falls silent: each server ends it in its own time, with one transaction."""
        self.run.ping_all()
        silent = Pair(self.world, self.run.new_name(), SHORT_TIMEOUT_MS).connect()
        area = self.choose.choice([OPEN, LIMITED])
        self.run.learn(silent, [Request(
            Op.CREATE, create_body(f"{area}/silent", b"", Flag.EPHEMERAL),
            "create of a session that will expire", f"{area}/silent")])
        auditors = self.run.auditor.clients
        zxids = [client.exists("/").zxid for client in auditors]
        silent.drop()
        deadline = time.monotonic() + EXPIRY_LIMIT_S
        for client, zxid in zip(auditors, zxids):
            while client.exists("/").zxid == zxid:
                if time.monotonic() > deadline:
                    raise Divergence(f"no expiry in {EXPIRY_LIMIT_S} s at port {client.port}")
                time.sleep(0.02)
        self.run.ping_all()

    def wrong_password(self, pair):
        """Must be refused. Apache has by then closed the connection of the session's owner."""
        pair.ping()
        self.refused(pair, lambda client: Session(client.session.id, b"\x01" * 16))
        self.closes(pair.clients[1], pair, "a wrong password of somebody else")
        pair.clients[0].call(Op.PING, xid=PING_XID)
        self.come_back(pair)

    def wrong_session(self, pair):
        self.refused(pair, lambda client: Session(NO_SESSION, client.session.password))

    def refused(self, pair, session_of):
        for client in pair.clients:
            intruder = RawClient(client.host, client.port, session=session_of(client))
            try:
                intruder.connect()
            except SessionRefused:
                continue
            raise Divergence(f"{pair.name}: a handshake that must fail did not: {intruder}")

    def from_the_future(self, pair):
        """A client that has seen more than the server has is turned away without a word."""
        for client in pair.clients:
            ahead = RawClient(
                client.host, client.port, session=Session(last_zxid=client.exists("/").zxid + 10))
            try:
                ahead.connect()
            except Disconnected:
                continue
            raise Divergence(f"a client from the future is served at port {client.port}")
        self.world.count(pair, Request(Op.PING, text="a handshake from the future"), None)

    # Input that no client sends

    def malformed_body(self, pair):
        op, name, body = self.choose.choice(self.malformed_bodies())
        pair.exchange([Request(op, body, f"{name}: op {op} body {body[:60].hex()}")])

    def malformed_bodies(self):
        path = self.generator.known_path(OPEN)
        null = struct.pack(">i", -1)
        text = Writer().string(path).bytes
        whole = [
            (Op.CREATE, create_body(path, b"x")), (Op.CREATE2, create_body(path, b"x")),
            (Op.DELETE, path_version_body(path)), (Op.SET_DATA, set_body(path, b"abc")),
            (Op.SET_ACL, Writer().string(path).acl([(31, "world", "anyone")]).int(-1).bytes),
            (Op.GET_DATA, path_watch_body(path)), (Op.EXISTS, path_watch_body(path)),
            (Op.GET_ACL, text), (Op.GET_CHILDREN, path_watch_body(path)),
            (Op.GET_CHILDREN2, path_watch_body(path)), (Op.SYNC, text),
            (Op.GET_ALL_CHILDREN_NUMBER, text), (Op.GET_EPHEMERALS, text),
            (Op.CHECK_WATCHES, Writer().string(path).int(ANY).bytes),
            (Op.REMOVE_WATCHES, Writer().string(path).int(ANY).bytes),
            (Op.ADD_WATCH, Writer().string(path).int(7).bytes),
            (Op.SET_WATCHES, watches_body(0, [], [], [])),
            (Op.SET_WATCHES2, watches_body(0, [], [], [], [], [])),
            (Op.MULTI, multi_body([(Op.SET_DATA, set_body(path, b"x"))])),
            (Op.MULTI_READ, multi_body([(Op.GET_DATA, path_watch_body(path))])),
        ]
        op, body = self.choose.choice(whole)
        cut = self.choose.randrange(len(body))
        at = self.choose.choice([0, max(0, len(body) - 4), len(text)])
        length = self.choose.choice([-2, -(2**31), 2**31 - 1, 2**20, 10_000])
        bent = body[:at] + struct.pack(">i", length) + body[at + 4 :]
        found = [
            (op, "cut short", body[:cut]), (op, "nothing", b""), (op, "more", body + b"more"),
            (op, "a bad length", bent)]
        if op not in (Op.MULTI, Op.MULTI_READ, Op.SET_WATCHES, Op.SET_WATCHES2):
            found.append((op, "a null path", null + body[len(text) :]))
        part = self.choose.choice([Op.GET_DATA, Op.SET_ACL, Op.PING, 0, 99, -1])
        found.append((Op.MULTI, f"part {part}", multi_body([(part, path_watch_body(path))])))
        part = self.choose.choice([Op.EXISTS, Op.GET_CHILDREN2, Op.DELETE, 0, 99])
        found.append((Op.MULTI_READ, f"part {part}", multi_body([(part, path_watch_body(path))])))
        return found

    def malformed_frame(self, pair):
        """Ends the connection and not the session."""
        pair.ping()
        data = self.choose.choice([
            frame(b""), frame(b"\0"), frame(b"\0" * 7), struct.pack(">i", -1),
            struct.pack(">i", 1_048_576) + b"x", struct.pack(">i", 2**31 - 1)])
        for client in pair.clients:
            client.send_raw(data)
        self.both_close(pair, f"the frame {data[:12].hex()}")
        self.come_back(pair)

    def unknown_operation(self, pair):
        op = self.choose.choice(UNKNOWN_OPERATIONS)
        pair.exchange([Request(op, b"anything", f"operation {op}")])
        self.closes(pair.clients[1], pair, f"operation {op}")
        pair.clients[0].call(Op.PING, xid=PING_XID)
        self.come_back(pair)

    def rare_operation(self, pair):
        op, body = self.choose.choice([
            (Op.SASL, Writer().buffer(b"token").bytes),
            (RECONFIG, Writer().string(None).string("2").string(None).long(-1).bytes)])
        pair.exchange([Request(op, body, f"operation {op}")])

    # Quotas

    def set_quota(self, pair):
        """As setquota does it: the path of the quota, the limits, then the statistics."""
        path, limits = self.choose.choice([
            (LIMITED, b"count=40,bytes=-1=;byteHardLimit=60000;countHardLimit=30"),
            (f"{LIMITED}/a", b"count=2,bytes=-1=;byteHardLimit=-1;countHardLimit=3"),
            (f"{LIMITED}/b", b"count=-1,bytes=100=;byteHardLimit=1000;countHardLimit=-1"),
            (f"{LIMITED}/c", b"count=1,bytes=1"),
        ])
        top, made = f"/zookeeper/quota{path}", "/zookeeper/quota"
        for name in path[1:].split("/"):
            made += f"/{name}"
            self.ask(pair, Op.CREATE, create_body(made), f"create {made}", made)
        for name, data in (("limits", limits), ("stats", b"count=0,bytes=0")):
            made = f"{top}/zookeeper_{name}"
            self.ask(pair, Op.CREATE, create_body(made, data), f"create {made} {data}", made)
        self.ask(pair, Op.GET_DATA, path_watch_body(made), f"get {made}", None)

    def remove_quota(self, pair):
        path = self.choose.choice([LIMITED, f"{LIMITED}/a", f"{LIMITED}/b", f"{LIMITED}/c"])
        for name in ("stats", "limits"):
            gone = f"/zookeeper/quota{path}/zookeeper_{name}"
            self.ask(pair, Op.GET_DATA, path_watch_body(gone), f"get {gone}", None)
            self.ask(pair, Op.DELETE, path_version_body(gone), f"delete {gone}", None)

    def ask(self, pair, op, body, text, path):
        pair.exchange([Request(op, body, text, path)])

    # Connections that must end

    def both_close(self, pair, why):
        for client in pair.clients:
            self.closes(client, pair, why)

    def closes(self, client, pair, why):
        try:
            payload = client.read_frame()
        except (Disconnected, TimeoutError) as error:
            if isinstance(error, Disconnected):
                return
            payload = b"silence"
        raise Divergence(f"{pair.name}, port {client.port}: {payload.hex()} after {why}")


RECONFIG = 16
