"""A client that writes as fast as it can and remembers exactly what it was promised."""

import random
import threading
from collections import deque

from .model import Operation, Tree, Znode
from .wire import (
    Disconnected, Err, Op, RawClient, Session, SessionRefused, multi_errors, path_watch_body,
    read_stat)

IN_FLIGHT = 32
# Beyond this many znodes a writer deletes more than it creates.
ZNODES = 150
# Longer than any restart takes, so that sessions outlive the crashes.
SESSION_TIMEOUT_MS = 25_000


class Writer:
    """Owns the subtree `top` and one session after another.

    `acknowledged` is the tree after every write that was answered; `unanswered` are the operations
    sent after those. `planned` is the tree after all of them, which the next operation goes by.
    """

    def __init__(self, server, top, seed):
        self.server, self.top = server, top
        self.random = random.Random(seed)
        self.client = self.new_client(Session())
        self.acknowledged = Tree()
        self.planned = Tree()
        self.unanswered = deque()
        self.answers = 0
        self.error = None
        self.thread = None

    def new_client(self, session):
        return RawClient(
            self.server.host, self.server.port, SESSION_TIMEOUT_MS, session=session, patience_s=30)

    def prepare(self):
        """Makes the subtree; what the model starts from."""
        self.client.connect()
        for path in (self.top, f"{self.top}/seq"):
            reply = self.client.create(path)
            assert reply.err == Err.OK, f"create {path}: {reply.err}"
            for tree in (self.acknowledged, self.planned):
                tree.znodes[path] = Znode(b"", czxid=reply.zxid, mzxid=reply.zxid, pzxid=reply.zxid)
                if path != self.top:
                    tree.touch_parent(path, reply.zxid).created += 1

    # Running

    def start(self):
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def join(self):
        self.stopping.set()
        self.thread.join(60)
        assert not self.thread.is_alive(), f"the writer of {self.top} hangs"
        if self.error is not None:
            raise self.error

    def run(self):
        try:
            while not self.stopping.is_set():
                if self.random.random() < 0.0005:
                    self.change_session()
                while len(self.unanswered) < IN_FLIGHT:
                    self.send(self.plan())
                self.read_answer()
            self.drain()
        except (Disconnected, OSError):
            self.client.drop()
        except BaseException as error:
            self.error = error

    def drain(self):
        while self.unanswered:
            self.read_answer()

    def change_session(self):
        self.drain()
        self.send(Operation("close", owner=self.client.session.id))
        self.read_answer()
        self.client.drop()
        self.client = self.new_client(Session())
        self.client.connect()

    def send(self, operation):
        # In the model first: when the send fails, it may have been executed all the same.
        self.unanswered.append(operation)
        operation.apply(self.planned)
        self.client.send(*operation.request)

    def read_answer(self):
        reply = self.client.read_reply()
        operation = self.unanswered[0]
        self.check_answer(operation, reply)
        operation.apply(self.acknowledged, reply.zxid)
        self.unanswered.popleft()
        self.answers += 1

    def check_answer(self, operation, reply):
        if operation.kind == "multi":
            errors = multi_errors(reply.body)
            expected = [Err.OK] * (len(operation.parts) - operation.fails)
            assert errors == expected + [Err.BAD_VERSION] * operation.fails, (
                f"{operation}: {errors}")
            return
        assert reply.err == Err.OK, f"{operation}: error {reply.err}"
        if operation.kind == "create":
            assert reply.body.string() == operation.path

    # Choosing what to write

    def plan(self):
        kind = self.random.choices(
            ["create", "sequential", "ephemeral", "set", "delete", "multi", "failing"],
            [20, 8, 8, 40, 20 if len(self.planned.znodes) < ZNODES else 60, 8, 3])[0]
        if kind in ("create", "ephemeral"):
            return self.plan_create(ephemeral=kind == "ephemeral")
        if kind == "sequential":
            parent = f"{self.top}/seq"
            number = self.planned.znodes[parent].created
            return Operation(
                "create", f"{parent}/n-{number:010d}", self.value(), sequential=True)
        if kind in ("multi", "failing"):
            return self.plan_multi(fails=kind == "failing")
        return self.plan_change(kind) or self.plan_create()

    def plan_create(self, ephemeral=False):
        path = f"{self.top}/n{self.random.getrandbits(48):012x}"
        return Operation(
            "create", path, self.value(), owner=self.client.session.id if ephemeral else 0)

    def plan_change(self, kind):
        """A set or delete of a random leaf, with its exact version; nothing if there is none."""
        leaves = [path for path in self.planned.znodes if path not in (self.top, f"{self.top}/seq")]
        if not leaves:
            return None
        path = self.random.choice(leaves)
        version = self.planned.znodes[path].version
        return Operation(kind, path, self.value() if kind == "set" else b"", version)

    def plan_multi(self, fails):
        parts = [self.plan_create(), self.plan_create(ephemeral=True)]
        if change := self.plan_change(self.random.choice(["set", "delete"])):
            parts.append(change)
        parts.append(Operation("check", self.top, version=0))
        if fails:
            # What a failed multi answers for its other parts, 0 before the failing one, is in
            # check_answer; the failing check is the last, so nothing comes after it.
            parts.append(Operation("check", self.top, version=99))
        return Operation("multi", parts=tuple(parts), fails=fails)

    def value(self):
        size = self.random.choice([0, 10, 100, 1000, 1000, 1000, 20_000])
        return self.random.randbytes(8) * (size // 8)

    # After a crash

    def settle(self, actual):
        """Finds the prefix of what was sent that explains the tree; returns how much was kept."""
        tree, first_difference = self.acknowledged.copy(), None
        pending = list(self.unanswered)
        for kept in range(len(pending) + 1):
            difference = tree.difference(actual)
            if difference is None:
                tree.learn(actual)
                self.acknowledged, self.planned = tree, tree.copy()
                self.unanswered.clear()
                closed = any(operation.kind == "close" for operation in pending[:kept])
                self.come_back(closed)
                return kept, len(pending)
            first_difference = first_difference or difference
            if kept < len(pending):
                pending[kept].apply(tree)
        raise AssertionError(
            f"{self.top}: no prefix of the {len(pending)} unanswered writes explains the tree. "
            f"After the {self.answers} answered ones: {first_difference}")

    def come_back(self, closed):
        """Resumes the session, which must have survived unless its close was executed."""
        session = self.client.session
        if session.id == 0 or closed:
            session = Session()
        self.client = self.new_client(session)
        try:
            self.client.connect()
        except SessionRefused as refused:
            raise AssertionError(f"{self.top}: a session was lost: {refused}") from refused


def read_tree(client, top):
    """The subtree as a client sees it, in the model's terms."""
    tree, paths = Tree(), [top]
    while paths:
        path = paths.pop()
        reply = client.call(Op.GET_DATA, path_watch_body(path))
        assert reply.err == Err.OK, f"get {path}: {reply.err}"
        data, stat = reply.body.buffer(), read_stat(reply.body)
        tree.znodes[path] = Znode(
            data, stat.ephemeral_owner, stat.version, stat.cversion, 0, stat.czxid, stat.mzxid,
            stat.pzxid)
        assert stat.data_length == len(data or b"")
        reply = client.call(Op.GET_CHILDREN, path_watch_body(path))
        children = reply.body.strings()
        assert stat.num_children == len(children)
        paths += [f"{path}/{child}" for child in children]
    return tree
