"""What a member has, read through its client port, and how two members' trees differ."""

from .jute import Writer
from .member import wait_until
from .wire import Disconnected, Err, Op, RawClient, path_version_body, path_watch_body, read_stat

# The membership as each member was told it, which is not the same for all behind proxies.
CONFIGURATION = "/zookeeper/config"
WINDOW = 200
# A member whose leader has just changed closes its connections; then all of it is read again.
ATTEMPTS = 5


def dump(member, top="/", identity=None):
    """Every znode below `top`: data, every field of its stat, its access list, its children.

    `identity` is `user:password`, where the digest scheme guards some of them.
    """
    for attempt in range(ATTEMPTS):
        wait_until(member.role, 20, f"{member} serves")
        try:
            with RawClient(member.server.host, member.server.port) as client:
                if identity is not None:
                    assert client.authenticate(identity).err == Err.OK
                return dump_with(client, top)
        except (Disconnected, OSError):
            if attempt == ATTEMPTS - 1:
                raise


def dump_with(client, top="/"):
    tree, paths = {}, [top]
    while paths:
        batch, paths = paths[:WINDOW], paths[WINDOW:]
        for path in batch:
            client.send(Op.GET_DATA, path_watch_body(path))
            client.send(Op.GET_ACL, Writer().string(path).bytes)
            client.send(Op.GET_CHILDREN, path_watch_body(path))
        for path in batch:
            data, acl, children = (client.read_reply() for _ in range(3))
            if Err.NO_NODE in (data.err, acl.err, children.err):
                continue
            tree[path] = decode(data, acl, children)
            paths += [f"{path.rstrip('/')}/{name}" for name in tree[path]["children"]]
    tree.pop(CONFIGURATION, None)
    return tree


def remove(member, tree):
    """Deletes every znode of a dump."""
    paths = sorted(tree, key=lambda path: path.count("/"), reverse=True)
    with RawClient(member.server.host, member.server.port) as client:
        for start in range(0, len(paths), WINDOW):
            batch = paths[start : start + WINDOW]
            for path in batch:
                client.send(Op.DELETE, path_version_body(path))
            for path in batch:
                assert client.read_reply().err == Err.OK, f"delete {path}"


def decode(data, acl, children):
    assert (data.err, acl.err, children.err) == (0, 0, 0)
    znode = {"data": data.body.buffer(), **vars(read_stat(data.body))}
    znode["acl"] = bytes(acl.body.data[acl.body.offset :])
    znode["children"] = sorted(children.body.strings())
    return znode


def differences(one, other, limit=10):
    """Sentences about what two dumps do not have in common."""
    found = []
    for path in sorted(one.keys() | other.keys()):
        a, b = one.get(path), other.get(path)
        if a is None or b is None:
            found.append(f"{path}: only in the {'first' if b is None else 'second'}")
        elif a != b:
            fields = [f"{it} {a[it]!r:.60}, {b[it]!r:.60}" for it in a if a[it] != b[it]]
            found.append(f"{path}: {'; '.join(fields)}")
        if len(found) == limit:
            break
    return found


def check_identical(members, top="/", identity=None):
    """All members' trees below `top` are the same; they are at rest. Returns the tree."""
    trees = [dump(member, top, identity) for member in members]
    for member, tree in zip(members[1:], trees[1:]):
        found = differences(trees[0], tree)
        assert not found, f"{members[0]} and {member} differ:\n" + "\n".join(found)
    return trees[0]
