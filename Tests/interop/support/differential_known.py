"""Where this server is meant to answer differently from Apache ZooKeeper 3.8.0, and why.

`KNOWN` are differences that the comparison meets and accepts, told by the operation and the replies;
`AVOIDED` are those that would lead the two servers apart, so that no request asks for them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .wire import Err, Op


@dataclass(frozen=True)
class Difference:
    name: str
    reason: str
    # Of the request and the fields of both replies.
    applies: Callable
    # How many more zxids Apache has used up for the request.
    zxids: int = 0


def errors(ours, theirs):
    """Whether the replies have these errors; None is any."""

    def matches(_, our_fields, their_fields):
        return ours in (None, our_fields["err"]) and theirs in (None, their_fields["err"])

    return matches


def of(operation, matches):
    return lambda request, ours, theirs: request.op == operation and matches(request, ours, theirs)


def is_unknown(request, ours, theirs):
    """-6 from both, and from Apache with a zxid that says nothing."""
    return errors(Err.UNIMPLEMENTED, Err.UNIMPLEMENTED)(request, ours, theirs) and (
        theirs["zxid"] in (0, -1) and ours | {"zxid": 0} == theirs | {"zxid": 0})


def is_watcher_type_of_3_9(request, ours, theirs):
    is_about_watches = request.op in (Op.CHECK_WATCHES, Op.REMOVE_WATCHES)
    return is_about_watches and errors(Err.NO_WATCHER, Err.MARSHALLING)(request, ours, theirs)


def is_count_of_empty_path(request, ours, theirs):
    return request.path == "" and ours | {"number": ours.get("number", 0) + 1} == theirs


def is_negative_count(request, ours, theirs):
    return (
        request.op in (Op.SET_ACL, Op.SET_WATCHES, Op.SET_WATCHES2)
        and request.text.startswith("a bad length")
        and ours["err"] == Err.MARSHALLING and theirs["err"] in (Err.OK, Err.INVALID_ACL))


def is_create2_as_create(request, ours, theirs):
    """A multi's results are the same but for the type and the stat of create2."""
    shown = dict(ours)
    for index, part in enumerate(request.parts):
        if part.op == Op.CREATE2 and shown.get(f"part {index} type") == Op.CREATE2:
            shown[f"part {index} type"] = Op.CREATE
            for name in ours:
                if name.startswith(f"part {index} stat."):
                    del shown[name]
    return shown == theirs


def is_text_java_cannot_echo(_, ours, theirs):
    """One of the two replies is no UTF-8, and both say OK."""
    return errors(Err.OK, Err.OK)(_, ours, theirs) and ("body" in ours) != ("body" in theirs)


KNOWN = [
    Difference(
        "exists without READ",
        "needs READ since 3.9.2 (ZOOKEEPER-2590); 3.8.0 shows the stat to all",
        of(Op.EXISTS, errors(Err.NO_AUTH, Err.OK))),
    Difference(
        "check alone",
        "only a part of multi since 3.9.3 (ZOOKEEPER-2623); 3.8.0 takes it as a write, and does "
        "not answer one that succeeds",
        of(Op.CHECK, errors(Err.UNIMPLEMENTED, None)), zxids=1),
    Difference(
        "unknown operation",
        "answered -6 by both; 3.8.0 then closes the connection, which here is kept: one request "
        "that a server does not know is no reason to lose the others", is_unknown),
    Difference(
        "types of watches", "checkWatches and removeWatches know persistent watches since 3.9",
        is_watcher_type_of_3_9),
    Difference(
        "checkWatches of others",
        "3.8.0 says yes when any session watches the path (ZOOKEEPER-4466)",
        of(Op.CHECK_WATCHES, errors(Err.NO_WATCHER, Err.OK))),
    Difference(
        "create2 in a multi",
        "answered with the stat, as by newer servers; 3.8.0 takes it as create",
        of(Op.MULTI, is_create2_as_create)),
    Difference(
        "negative count",
        "malformed, as a negative length is to both; 3.8.0 takes a vector of fewer than no "
        "elements for an empty one",
        is_negative_count),
    Difference(
        "text in sync", "comes back as it was; 3.8.0 replaces what is no UTF-8, and writes what is "
        "beyond the BMP as two surrogates", of(Op.SYNC, is_text_java_cannot_echo)),
    Difference(
        "descendants of the empty path", "3.8.0 takes '' for the root and counts the root as well",
        of(Op.GET_ALL_CHILDREN_NUMBER, is_count_of_empty_path)),
]

AVOIDED = [
    ("the zxid in the header of a watch event", "3.8.0 always says -1 there (ZOOKEEPER-4655)"),
    ("watches on znodes that the watcher may not read",
     "3.8.0 sends the events all the same (CVE-2024-23944)"),
    ("watches of several modes by one session on one path",
     "in 3.8.0 the last mode takes the place of the others (ZOOKEEPER-4466)"),
    ("pipelined requests near a hard quota",
     "3.8.0 checks against what is applied, and how much that is depends on the time; this server "
     "counts what is in flight too"),
    ("createTTL with flags that are not TTL's, and a TTL of -1",
     "3.8.0 logs it and then ends at every attempt to apply it"),
    ("statistics of quotas written by clients",
     "3.8.0 ends if it cannot parse them; this server does not read them"),
    ("a limits znode younger than the statistics of the quota",
     "3.8.0 counts only when the statistics are created, this server whenever the two are there"),
    ("setACL in a pipeline",
     "3.8.0 checks what comes behind it against the old list until the new one is applied"),
    ("a handshake with a wrong password, as one of many steps",
     "3.8.0 closes the connection of the session's owner before it looks at the password"),
    ("createSession and deleteContainer from a client",
     "-6 here; 3.8.0 answers a second handshake, and deletes any znode without children but an "
     "ephemeral, whatever the access list says"),
    ("createContainer in a multi with flags that are not a container's, create with those of a TTL",
     "in 3.8.0 the flags alone decide, and the whole multi fails if the record lacks the TTL"),
    ("watches on paths beyond the BMP in setWatches", "the event's path is no UTF-8 from 3.8.0"),
    ("null paths in a multi", "3.8.0 loses a zxid over them"),
]


def known_difference(request, ours, theirs):
    for difference in KNOWN:
        if difference.applies(request, ours, theirs):
            return difference
    return None
