"""What clients asked for and were told, with times: the record that `checks` judges.

Every value written is written by one operation only, so that a value found in the end says which
operation put it there. An operation without an answer (`err` is None) may have been executed or
not; it must not have been executed twice.
"""

import itertools
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

from .wire import Err

CREATE, SET, DELETE, MULTI, GET, SYNC = "create", "set", "delete", "multi", "get", "sync"
WRITES = (CREATE, SET, DELETE, MULTI)


@dataclass(slots=True)
class Operation:
    kind: str
    path: str
    value: bytes = None
    # The version asked for; -1 is any.
    version: int = -1
    is_ephemeral: bool = False
    is_sequential: bool = False
    # The operations of a multi.
    parts: tuple = ()

    client: int = 0
    session: int = 0
    invoked: float = 0.0
    completed: float = None
    err: int = None
    zxid: int = 0
    # Of a read or set, or of what a create made: the znode's stat, and its data.
    stat: object = None
    data: bytes = None
    # The path that a sequential create made.
    created: str = None

    @property
    def is_write(self):
        return self.kind in WRITES

    @property
    def is_acknowledged(self):
        return self.err == Err.OK

    @property
    def is_unknown(self):
        return self.err is None

    @property
    def changes(self):
        """The creates, sets and deletes of which it consists."""
        return self.parts if self.kind == MULTI else (self,) if self.is_write else ()

    @property
    def target(self):
        """Where it took place; None for a sequential create that was not answered."""
        if not self.is_sequential:
            return self.path
        return self.created

    def __str__(self):
        outcome = "no answer" if self.err is None else f"error {self.err}, zxid 0x{self.zxid:x}"
        value = "" if self.value is None else f" {self.value[:20]!r}"
        return (
            f"{self.kind} {self.created or self.path}{value} (version {self.version}) by client "
            f"{self.client}: {outcome}")


@dataclass
class History:
    """Operations in the order in which each client sent them."""

    operations: list = field(default_factory=list)
    # Sessions that ended: closed with an answer, or refused when their client came back.
    closed_sessions: set = field(default_factory=set)
    refused_sessions: set = field(default_factory=set)

    def __post_init__(self):
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.acknowledged_writes = 0
        self.last_acknowledged_at = time.monotonic()
        self.longest_gap_s = 0.0
        self.greatest_acknowledged_zxid = 0

    def value(self, size=0):
        """A value that no other operation writes."""
        with self.lock:
            number = next(self.numbers)
        return f"v{number}.".encode().ljust(size, b".")

    def invoke(self, operation, client, session):
        operation.client, operation.session = client, session
        operation.invoked = time.monotonic()
        with self.lock:
            self.operations.append(operation)

    def complete(self, operation, reply):
        """An answer came; what else it says the caller has put into the operation."""
        operation.completed = time.monotonic()
        operation.err, operation.zxid = reply.err, reply.zxid
        if operation.is_write and operation.is_acknowledged:
            with self.lock:
                self.acknowledged_writes += 1
                gap = operation.completed - self.last_acknowledged_at
                self.longest_gap_s = max(self.longest_gap_s, gap)
                self.last_acknowledged_at = operation.completed
                self.greatest_acknowledged_zxid = max(
                    self.greatest_acknowledged_zxid, operation.zxid)

    # Views

    @property
    def acknowledged(self):
        return [it for it in self.operations if it.is_write and it.is_acknowledged]

    def by_session(self):
        found = defaultdict(list)
        for operation in self.operations:
            found[operation.session].append(operation)
        return found

    def changes_by_path(self):
        """Of each path its changes, as pairs of the operation that had them and the change."""
        found = defaultdict(list)
        for operation in self.operations:
            for change in operation.changes:
                path = operation.target if change is operation else change.path
                if path is not None:
                    found[path].append((operation, change))
        return found
