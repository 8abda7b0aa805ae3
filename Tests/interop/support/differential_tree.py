"""Everything that a client can see of a server's tree, as values that can be compared."""

from .differential_replies import decode
from .jute import Writer
from .wire import Err, Op, path_watch_body

BATCH = 100


def read_everything(client, sessions):
    """Paths to the fields of data, access list and children; the client must be allowed to."""
    tree, level = {}, ["/"]
    while level:
        batch, level = level[:BATCH], level[BATCH:]
        for path in batch:
            client.send(Op.GET_DATA, path_watch_body(path))
            client.send(Op.GET_ACL, Writer().string(path).bytes)
            client.send(Op.GET_CHILDREN2, path_watch_body(path))
        for path in batch:
            fields = {}
            for op in (Op.GET_DATA, Op.GET_ACL, Op.GET_CHILDREN2):
                reply = client.read_reply()
                assert reply.err == Err.OK, f"operation {op} of {path!r}: error {reply.err}"
                fields |= decode(op, reply, sessions)
            del fields["xid"]
            tree[path] = fields
            level += [path.rstrip("/") + "/" + child for child in fields["children"]]
    return tree


def summary(server):
    """The lines of `srvr` that say how much there is and how far it got."""
    lines = [line.split(": ", 1) for line in server.ask("srvr").splitlines() if ": " in line]
    return {key: value for key, value in lines if key in ("Zxid", "Mode", "Node count")}


def first_difference(ours, theirs):
    """A sentence about the first difference between two trees, or nothing."""
    if only := ours.keys() ^ theirs.keys():
        path = min(only)
        return f"{path} is {'ours' if path in ours else 'theirs'} only ({len(only)} such)"
    for path in sorted(ours):
        for name, value in ours[path].items():
            if theirs[path].get(name) != value:
                return f"{path}: {name} is {value!r} here and {theirs[path].get(name)!r} there"
    return None
