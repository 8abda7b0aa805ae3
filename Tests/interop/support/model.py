"""What the tree must be: a model that one writer's operations are applied to, one after another.

A writer has a subtree and a session that nobody else touches, and its requests are executed in the
order sent. So after a crash its subtree must equal the model after a prefix of what was sent, and
that prefix must hold everything that was acknowledged.
"""

import copy
from dataclasses import dataclass, field

from .wire import (
    Flag, Op, create_body, multi_body, path_version_body, set_body)

# A value that a crash kept from us, as the zxid of a write that was never acknowledged.
UNKNOWN = None


@dataclass
class Znode:
    data: bytes
    owner: int = 0
    version: int = 0
    cversion: int = 0
    # How many children were ever created: the next sequence number.
    created: int = 0
    czxid: int | None = UNKNOWN
    mzxid: int | None = UNKNOWN
    pzxid: int | None = UNKNOWN

    def difference(self, other):
        """The first field in which two znodes differ, or nothing; unknown values match any."""
        for name in ("data", "owner", "version", "cversion"):
            if getattr(self, name) != getattr(other, name):
                return name
        for name in ("czxid", "mzxid", "pzxid"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if UNKNOWN not in (mine, theirs) and mine != theirs:
                return name
        return None


@dataclass
class Tree:
    """Paths to znodes; the top of the subtree is always there."""

    znodes: dict = field(default_factory=dict)

    def copy(self):
        return copy.deepcopy(self)

    def create(self, path, data, owner, zxid):
        self.znodes[path] = Znode(data, owner, czxid=zxid, mzxid=zxid, pzxid=zxid)
        self.touch_parent(path, zxid).created += 1

    def set(self, path, data, zxid):
        znode = self.znodes[path]
        znode.data, znode.mzxid = data, zxid
        znode.version += 1

    def delete(self, path, zxid):
        del self.znodes[path]
        self.touch_parent(path, zxid)

    def touch_parent(self, path, zxid):
        parent = self.znodes[path.rpartition("/")[0]]
        parent.cversion += 1
        parent.pzxid = zxid
        return parent

    def ephemerals(self, owner):
        return [path for path, znode in self.znodes.items() if znode.owner == owner]

    def difference(self, actual):
        """A sentence about the first difference to what was read, or nothing."""
        if missing := self.znodes.keys() - actual.znodes.keys():
            return f"{min(missing)} is missing ({len(missing)} such)"
        if extra := actual.znodes.keys() - self.znodes.keys():
            return f"{min(extra)} should not be there ({len(extra)} such)"
        for path, znode in self.znodes.items():
            if name := znode.difference(actual.znodes[path]):
                expected, read = getattr(znode, name), getattr(actual.znodes[path], name)
                return f"{path}: {name} is {short(read)} and should be {short(expected)}"
        return None

    def learn(self, actual):
        """Takes over the zxids of writes that turned out to have been executed."""
        for path, znode in self.znodes.items():
            for name in ("czxid", "mzxid", "pzxid"):
                setattr(znode, name, getattr(actual.znodes[path], name))


def short(value):
    return f"{len(value)} bytes {value[:16]!r}" if isinstance(value, bytes) else repr(value)


@dataclass
class Operation:
    """What a writer can send; `parts` of a multi are operations too."""

    kind: str
    path: str = ""
    data: bytes = b""
    version: int = -1
    owner: int = 0
    sequential: bool = False
    parts: tuple = ()
    # A multi that ends with a check that cannot hold: it must leave nothing behind.
    fails: bool = False

    @property
    def request(self):
        flags = (Flag.EPHEMERAL if self.owner else 0) | (Flag.SEQUENTIAL if self.sequential else 0)
        if self.kind == "create":
            # The path of a sequential znode is known here in full, and sent without its number.
            path = self.path[:-10] if self.sequential else self.path
            return Op.CREATE, create_body(path, self.data, flags)
        if self.kind == "set":
            return Op.SET_DATA, set_body(self.path, self.data, self.version)
        if self.kind == "delete":
            return Op.DELETE, path_version_body(self.path, self.version)
        if self.kind == "check":
            return Op.CHECK, path_version_body(self.path, self.version)
        if self.kind == "multi":
            return Op.MULTI, multi_body([part.request for part in self.parts])
        assert self.kind == "close"
        return Op.CLOSE, b""

    def apply(self, tree, zxid=UNKNOWN):
        if self.fails:
            return
        if self.kind == "create":
            tree.create(self.path, self.data, self.owner, zxid)
        elif self.kind == "set":
            tree.set(self.path, self.data, zxid)
        elif self.kind == "delete":
            tree.delete(self.path, zxid)
        elif self.kind == "close":
            for path in tree.ephemerals(self.owner):
                tree.delete(path, zxid)
        for part in self.parts:
            part.apply(tree, zxid)
