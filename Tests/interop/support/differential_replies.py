"""Replies as named values that can be compared between two servers.

Times are left out, session ids become names that both servers share, and what has no order is
sorted: children, ephemerals, identities. Everything else stays as it came.
"""

from .jute import Reader
from .wire import Op, read_stat

STAT_NAMES = (
    "czxid", "mzxid", "pzxid", "version", "cversion", "aversion", "data_length", "num_children")


class SessionNames:
    """The names of one server's sessions; any other value of `ephemeralOwner` stays as it is."""

    def __init__(self):
        self.names = {}

    def of(self, owner):
        return self.names.get(owner, owner)


def decode(op, reply, sessions):
    """The reply's fields; a body that does not have the form of its operation stays bytes."""
    fields = {"xid": reply.xid, "zxid": reply.zxid, "err": reply.err}
    reader = Reader(reply.body.data[reply.body.offset :])
    if not reader.remaining:
        return fields
    try:
        fields |= DECODERS[op](reader, sessions)
    except (KeyError, ValueError):
        fields["body"] = reader.data
    if reader.remaining:
        fields["trailing"] = reader.data[reader.offset :]
    return fields


def stat(reader, sessions):
    values = read_stat(reader)
    fields = {f"stat.{name}": getattr(values, name) for name in STAT_NAMES}
    fields["stat.owner"] = sessions.of(values.ephemeral_owner)
    return fields


def created(reader, _):
    return {"path": reader.string()}


def created_with_stat(reader, sessions):
    return created(reader, sessions) | stat(reader, sessions)


def data(reader, sessions):
    return {"data": reader.buffer()} | stat(reader, sessions)


def children(reader, _):
    return {"children": sorted(reader.strings())}


def children_with_stat(reader, sessions):
    return children(reader, sessions) | stat(reader, sessions)


def access_list(reader, sessions):
    entries = [(reader.int(), reader.string(), reader.string()) for _ in range(reader.int())]
    return {"acl": in_stable_order(entries)} | stat(reader, sessions)


def in_stable_order(entries):
    """`auth` stands for the client's identities, which Apache keeps in no order: a run of digests
    with the same permissions is sorted."""
    ordered, run = [], []
    for entry in entries + [None]:
        if run and (entry is None or entry[:2] != run[0][:2] or entry[1] != "digest"):
            ordered += sorted(run)
            run = []
        run.append(entry)
    return ordered


def identities(reader, _):
    return {"identities": sorted((reader.string(), reader.string()) for _ in range(reader.int()))}


def number(reader, _):
    return {"number": reader.int()}


def ephemerals(reader, _):
    return {"ephemerals": sorted(reader.strings())}


def parts(reader, sessions):
    """The results of a multi or multiRead, each with the part's number before its fields."""
    fields, index = {}, 0
    while True:
        op, is_done, error = reader.int(), reader.bool(), reader.int()
        found = {"type": op, "done": is_done, "error": error}
        if op == -1 and not is_done:
            found["code"] = reader.int()
        elif not is_done and op in DECODERS:
            found |= DECODERS[op](reader, sessions)
        fields |= {f"part {index} {name}": value for name, value in found.items()}
        if is_done:
            return fields
        index += 1


DECODERS = {
    Op.CREATE: created,
    Op.CREATE2: created_with_stat,
    Op.CREATE_CONTAINER: created_with_stat,
    Op.CREATE_TTL: created_with_stat,
    Op.EXISTS: stat,
    Op.SET_DATA: stat,
    Op.SET_ACL: stat,
    Op.GET_DATA: data,
    Op.GET_ACL: access_list,
    Op.GET_CHILDREN: children,
    Op.GET_CHILDREN2: children_with_stat,
    Op.SYNC: created,
    Op.GET_EPHEMERALS: ephemerals,
    Op.GET_ALL_CHILDREN_NUMBER: number,
    Op.ADD_WATCH: number,
    Op.WHO_AM_I: identities,
    Op.MULTI: parts,
    Op.MULTI_READ: parts,
}
