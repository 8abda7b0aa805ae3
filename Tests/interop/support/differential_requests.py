"""Random requests, valid and not, that make the most of a small set of names.

What is asked depends on the seed and on earlier answers (which paths are there, in which version),
never on time or session ids, so that a seed repeats the whole run.
"""

import zlib

from .differential_pair import Request
from .differential_vocabulary import (
    ANY, AREAS, BAD_FLAGS, BAD_LISTS, BAD_PATHS, BAD_VERSIONS, CHILDREN, CREATES, DATA, DEEPEST,
    ENOUGH_ZNODES, LIMITED, NAMES, OPEN, PERSISTENT, PLAIN_FLAGS, READABLE_LISTS, RECURSIVE, SECRET,
    SECRET_LISTS, STANDARD)
from .jute import Writer
from .wire import (
    Flag, Op, create_body, multi_body, path_version_body, path_watch_body, set_body)


class Generator:
    """Makes requests for one session at a time; `learn` takes what came of them."""

    def __init__(self, choose):
        self.choose = choose
        # Paths believed to be there, with their data version.
        self.known = {}
        self.makers = [
            (self.create, 22), (self.delete, 14), (self.set_data, 16), (self.set_acl, 5),
            (self.multi, 7), (self.get, 12), (self.exists, 8), (self.children, 8),
            (self.get_acl, 3), (self.count, 2), (self.ephemerals, 2), (self.sync, 2),
            (self.ping, 1), (self.who_am_i, 1), (self.multi_read, 3), (self.add_watch, 3),
            (self.check_watches, 2), (self.remove_watches, 2), (self.check_alone, 1),
        ]

    def window(self, session):
        """Requests to be sent at once."""
        size = self.choose.choice([1, 1, 1, 2, 3, 5, 8, 13, 21, 34])
        first = self.request(session)
        requests = [first]
        while len(requests) < size and not first.is_alone:
            request = self.request(session)
            if not request.is_alone:
                requests.append(request)
        return requests

    def request(self, session):
        makers, weights = zip(*self.makers)
        request = self.choose.choices(makers, weights)[0](session)
        if request.path and request.path.startswith(LIMITED):
            request.is_alone = True
        if self.choose.random() < 0.02:
            request.xid = self.choose.choice([0, -5, 2**31 - 1, -(2**31), 1])
        return request

    def learn(self, request, fields):
        if fields is None:
            return
        error = fields["err"]
        if error == -101 and request.path:
            self.known.pop(request.path, None)
        if error != 0:
            return
        if request.op in CREATES and "path" in fields:
            self.known[fields["path"]] = 0
        elif request.op == Op.DELETE:
            self.known.pop(request.path, None)
        elif "stat.version" in fields and request.path:
            self.known[request.path] = fields["stat.version"]
        elif request.op == Op.MULTI:
            self.learn_parts(request.parts, fields)

    def learn_parts(self, parts, fields):
        for index, part in enumerate(parts):
            found = {
                name: fields.get(f"part {index} {name}") for name in ("path", "stat.version")}
            if fields.get(f"part {index} type") == part.op:
                found = {name: value for name, value in found.items() if value is not None}
                self.learn(part, found | {"err": 0})

    # What requests are about

    def known_path(self, area=None):
        paths = [path for path in self.known if area is None or path.startswith(area)]
        return self.choose.choice(paths) if paths else area or OPEN

    def path(self):
        """Mostly one that is there or could be, sometimes one that cannot."""
        kind = self.choose.random()
        if kind < 0.62:
            return self.known_path()
        if kind < 0.92:
            return self.new_path()
        if kind < 0.96:
            return self.choose.choice(["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"])
        return self.choose.choice(BAD_PATHS)

    def new_path(self):
        area = self.choose.choices(AREAS, [6, 2, 1])[0]
        parent = self.known_path(area)
        if parent.count("/") >= DEEPEST:
            parent = area
        return f"{parent}/{self.choose.choice(NAMES)}"

    def data(self):
        size = self.choose.choice([None, 0, 1, 10, 10, 100, 100, 1000, 5000])
        return None if size is None else self.choose.randbytes(size)

    def version(self, path):
        kind = self.choose.random()
        if kind < 0.5:
            return -1
        if kind < 0.85:
            return self.known.get(path, 0)
        return self.choose.choice(BAD_VERSIONS)

    def access_list(self, path):
        if self.choose.random() < 0.08:
            return self.choose.choice(BAD_LISTS)
        return self.choose.choice(SECRET_LISTS if path.startswith(SECRET) else READABLE_LISTS)

    def watch_mode(self, session, path):
        """The one mode of watch that this session may have on the path."""
        if path.startswith(SECRET):
            return None
        if path in ("", "/"):
            return STANDARD
        place = zlib.crc32(f"{session.name} {path}".encode()) % 6
        return PERSISTENT if place == 4 else RECURSIVE if place == 5 else STANDARD

    def wants_watch(self, session, path):
        return self.watch_mode(session, path) == STANDARD and self.choose.random() < 0.3

    # Writes

    def create(self, _):
        if len(self.known) > ENOUGH_ZNODES and self.choose.random() < 0.7:
            return self.delete(_)
        path = self.new_path() if self.choose.random() < 0.8 else self.path()
        kind = self.choose.random()
        if kind < 0.08:
            return self.create_container(path)
        if kind < 0.2:
            return self.create_ttl(path)
        op = self.choose.choice([Op.CREATE, Op.CREATE2])
        flags = self.choose.choice(PLAIN_FLAGS)
        if kind < 0.24:
            flags = self.choose.choice(BAD_FLAGS + [Flag.CONTAINER, Flag.TTL])
        if flags & Flag.SEQUENTIAL and self.choose.random() < 0.3:
            path = path.rpartition("/")[0] + "/"
        data, access_list = self.data(), self.access_list(path)
        return Request(
            op, create_body(path, data, flags, access_list),
            f"create {shown(path)} flags {flags} {size(data)} acl {access_list}", path)

    def create_container(self, path):
        flags = self.choose.choice([Flag.CONTAINER, Flag.PERSISTENT])
        return Request(
            Op.CREATE_CONTAINER, create_body(path, self.data(), flags),
            f"createContainer {shown(path)} flags {flags}", path)

    def create_ttl(self, path):
        flags = self.choose.choice([Flag.TTL, Flag.SEQUENTIAL_TTL])
        ttl = self.choose.choice([3_600_000, 2**40 - 1, 10**9, 0, -1, 2**40, -(2**63)])
        body = Writer().raw(create_body(path, self.data(), flags)).long(ttl).bytes
        return Request(
            Op.CREATE_TTL, body, f"createTTL {shown(path)} flags {flags} ttl {ttl}", path)

    def delete(self, _):
        path = self.path()
        if path in AREAS:
            path = self.new_path()
        version = self.version(path)
        return Request(
            Op.DELETE, path_version_body(path, version), f"delete {shown(path)} {version}", path)

    def set_data(self, _):
        path = self.path()
        data, version = self.data(), self.version(path)
        return Request(
            Op.SET_DATA, set_body(path, data, version),
            f"set {shown(path)} {size(data)} {version}", path)

    def set_acl(self, _):
        path = self.path()
        if path in (*AREAS, "/", "", "/zookeeper", "/zookeeper/quota"):
            path = "/zookeeper/config"
        entries = self.access_list(path)
        version = self.choose.choice([-1, -1, 0, 1, *BAD_VERSIONS])
        return Request(
            Op.SET_ACL, Writer().string(path).acl(entries).int(version).bytes,
            f"setACL {shown(path)} {entries} {version}", path, is_alone=True)

    def multi(self, session):
        makers = [self.create, self.create, self.delete, self.set_data, self.check]
        parts = [
            self.choose.choice(makers)(session) for _ in range(self.choose.choice([0, 1, 2, 3, 5]))]
        parts = [part for part in parts if not is_avoided(part)]
        if self.choose.random() < 0.5:
            # Such that it succeeds rather often.
            parts = [part for part in parts if part.path in self.known][:3]
        return Request(
            Op.MULTI, multi_body([(part.op, part.body) for part in parts]),
            f"multi [{'; '.join(part.text for part in parts)}]", parts=parts,
            is_alone=any(part.path.startswith(LIMITED) for part in parts))

    def check(self, _):
        path = self.path()
        version = self.version(path)
        return Request(
            Op.CHECK, path_version_body(path, version), f"check {shown(path)} {version}", path)

    def check_alone(self, session):
        request = self.check(session)
        request.is_alone = True
        return request

    # Reads

    def read(self, op, name, session):
        path = self.path()
        watch = self.wants_watch(session, path)
        return Request(
            op, path_watch_body(path, watch),
            f"{name} {shown(path)}{' and watch' if watch else ''}", path)

    def get(self, session):
        return self.read(Op.GET_DATA, "get", session)

    def exists(self, session):
        return self.read(Op.EXISTS, "exists", session)

    def children(self, session):
        op = self.choose.choice([Op.GET_CHILDREN, Op.GET_CHILDREN2])
        return self.read(op, "children", session)

    def of_path(self, op, name):
        path = self.path()
        return Request(op, Writer().string(path).bytes, f"{name} {shown(path)}", path)

    def get_acl(self, _):
        return self.of_path(Op.GET_ACL, "getACL")

    def count(self, _):
        return self.of_path(Op.GET_ALL_CHILDREN_NUMBER, "getAllChildrenNumber")

    def ephemerals(self, _):
        prefix = self.choose.choice(["", "/", " ", " / ", "/open", "/o", "/open/a", "x", None])
        return Request(
            Op.GET_EPHEMERALS, Writer().string(prefix).bytes, f"getEphemerals {prefix!r}")

    def whole_ephemerals(self):
        return Request(
            Op.GET_EPHEMERALS, Writer().string("/").bytes, "getEphemerals of everything")

    def sync(self, _):
        return self.of_path(Op.SYNC, "sync")

    def ping(self, _):
        return Request(Op.PING, text="ping")

    def who_am_i(self, _):
        return Request(Op.WHO_AM_I, text="whoAmI")

    def multi_read(self, _):
        reads = [
            (self.choose.choice([Op.GET_DATA, Op.GET_CHILDREN]), self.path())
            for _ in range(self.choose.choice([0, 1, 2, 4]))]
        body = multi_body([(op, path_watch_body(path)) for op, path in reads])
        return Request(Op.MULTI_READ, body, f"multiRead {reads}")

    # Watches

    def add_watch(self, session):
        path = self.path()
        mode = {PERSISTENT: 0, RECURSIVE: 1}.get(self.watch_mode(session, path))
        if mode is None:
            mode = self.choose.choice([-1, 2, 7])
        return Request(
            Op.ADD_WATCH, Writer().string(path).int(mode).bytes, f"addWatch {shown(path)} {mode}")

    def about_watches(self, op, name, session):
        path = self.path()
        kind = ANY
        if self.watch_mode(session, path) == STANDARD:
            kind = self.choose.choice([CHILDREN, DATA, ANY, ANY, 0, 4, 5, 6, -1])
        return Request(
            op, Writer().string(path).int(kind).bytes, f"{name} {shown(path)} type {kind}")

    def check_watches(self, session):
        return self.about_watches(Op.CHECK_WATCHES, "checkWatches", session)

    def remove_watches(self, session):
        return self.about_watches(Op.REMOVE_WATCHES, "removeWatches", session)


def is_avoided(part):
    """Parts of a multi whose kind 3.8.0 reads off the flags alone."""
    flags = int.from_bytes(part.body[-4:], "big")
    if part.op == Op.CREATE_CONTAINER:
        return flags != Flag.CONTAINER
    return part.op in (Op.CREATE, Op.CREATE2) and flags == Flag.TTL


def shown(path):
    return repr(path if len(path) < 100 else f"{path[:60]}...{path[-20:]}")


def size(data):
    return "null" if data is None else f"{len(data)} bytes"
