"""Judges a history of an ensemble: what ZooKeeper promises, said as checks.

Each check returns sentences, one for a violation; none is good. `check` runs all of them.
"""

import bisect
import heapq
import itertools
from collections import defaultdict

from .history import CREATE, DELETE, GET, MULTI, SET, SYNC
from .registers import is_linearizable
from .wire import Err


def check(history, tree, top, confirmed_sync=True):
    """All checks; `tree` is a dump of what is there in the end, `top` the path of the load."""
    tree = {path: znode for path, znode in tree.items() if path.startswith(f"{top}/")}
    found = [
        *zxid_order(history), *session_order(history), *reads(history), *versions(history),
        *registers(history), *sequences(history), *final_state(history, tree),
        *unique_values(tree), *failed_values(history, tree), *multis(history, tree),
        *counts(history, tree), *ephemerals(history, tree),
    ]
    if confirmed_sync:
        found += syncs(history)
    return found


def zxid_order(history):
    """Acknowledged writes are in one order, their zxids', and it is that of real time."""
    found, seen = [], {}
    for operation in history.acknowledged:
        if other := seen.get(operation.zxid):
            found.append(f"two writes with one zxid: {operation}; {other}")
        seen[operation.zxid] = operation
    # What had been answered when each was sent must have lower zxids.
    answered, latest = [], None
    for number, operation in enumerate(sorted(history.acknowledged, key=lambda it: it.invoked)):
        while answered and answered[0][0] < operation.invoked:
            done = heapq.heappop(answered)[2]
            if latest is None or done.zxid > latest.zxid:
                latest = done
        if latest is not None and latest.zxid > operation.zxid:
            found.append(f"answered before the other was sent, and ordered after it: {latest}; "
                         f"{operation}")
        heapq.heappush(answered, (operation.completed, number, operation))
    return found


def session_order(history):
    """In a session, writes are executed in the order sent, and no reply goes back in time."""
    found = []
    for session, operations in history.by_session().items():
        last_write, last = None, None
        for operation in operations:
            if operation.is_unknown:
                continue
            if last is not None and operation.zxid < last.zxid:
                found.append(f"session 0x{session:x} goes back: {last}; {operation}")
            last = operation
            if not operation.is_write or not operation.is_acknowledged:
                continue
            if last_write is not None and operation.zxid <= last_write.zxid:
                found.append(f"not in the order sent: {last_write}; {operation}")
            last_write = operation
    return found


def reads(history):
    """A read has every write up to the zxid that it is answered with, and none is taken back."""
    found = []
    changes = history.changes_by_path()
    written = {
        path: sorted(operation.zxid for operation, _ in pairs if operation.is_acknowledged)
        for path, pairs in changes.items()}
    for operations in history.by_session().values():
        seen = {}
        for operation in operations:
            if operation.kind != GET or operation.is_unknown:
                continue
            if operation.err == Err.NO_NODE:
                if operation.path in seen and not any(
                        change.kind == DELETE for _, change in changes[operation.path]):
                    found.append(f"it was seen and never deleted: {operation}")
                continue
            before = seen.get(operation.path)
            if before is not None and operation.stat.mzxid < before.stat.mzxid:
                found.append(f"an older value was read after a newer one: {before}; {operation}")
            seen[operation.path] = operation
            zxids = written.get(operation.path, [])
            following = bisect.bisect_right(zxids, operation.stat.mzxid)
            if following < len(zxids) and zxids[following] <= operation.zxid:
                found.append(f"it has the value of 0x{operation.stat.mzxid:x} and lacks that of "
                             f"0x{zxids[following]:x}: {operation}")
    return found


def syncs(history):
    """A read after a sync has all that anyone was told before the sync was sent."""
    found = []
    acknowledged = sorted(history.acknowledged, key=lambda it: it.completed)
    answered = [operation.completed for operation in acknowledged]
    greatest = list(itertools.accumulate((operation.zxid for operation in acknowledged), max))
    for operations in history.by_session().values():
        synced = None
        for operation in operations:
            if operation.is_unknown:
                synced = None
            elif operation.kind == SYNC and operation.is_acknowledged:
                synced = operation
            elif operation.kind == GET and synced is not None:
                index = bisect.bisect_left(answered, synced.invoked)
                due = greatest[index - 1] if index else 0
                if operation.zxid < due:
                    found.append(f"after a sync sent when 0x{due:x} was acknowledged: {operation}")
                synced = None
    return found


def versions(history):
    """A znode's versions count its writes, and the gaps are no larger than what is unknown."""
    found = []
    for path, changes in history.changes_by_path().items():
        sets = sorted(
            (operation for operation, change in changes
             if change is operation and operation.kind == SET and operation.is_acknowledged),
            key=lambda it: it.zxid)
        hidden = sum(
            change.kind == SET and (operation.is_unknown or operation.kind == MULTI)
            for operation, change in changes)
        for operation in sets:
            if operation.stat.mzxid != operation.zxid:
                found.append(f"its stat is of 0x{operation.stat.mzxid:x}: {operation}")
            if operation.version >= 0 and operation.stat.version != operation.version + 1:
                found.append(f"made version {operation.stat.version}: {operation}")
        for one, other in zip(sets, sets[1:]):
            if one.stat.czxid != other.stat.czxid:
                continue
            gap = other.stat.version - one.stat.version - 1
            if not 0 <= gap <= hidden:
                found.append(
                    f"{path} goes from version {one.stat.version} to {other.stat.version} with "
                    f"{hidden} writes that may lie between: {one}; {other}")
    return found


def registers(history):
    """Sets with a version of one znode are linearizable, whatever the zxids say."""
    sets = defaultdict(list)
    others = set()
    for path, changes in history.changes_by_path().items():
        for operation, change in changes:
            if change is operation and operation.kind == SET and operation.version >= 0:
                sets[path].append(operation)
            elif change.kind != CREATE:
                others.add(path)
    return [
        f"the versioned sets of {path} are not linearizable"
        for path, operations in sets.items()
        if path not in others and is_linearizable(operations) is False]


def sequences(history):
    """The numbers of sequential znodes grow with their zxids and come once."""
    parents = defaultdict(list)
    for operation in history.acknowledged:
        if operation.is_sequential:
            parents[operation.path.rpartition("/")[0]].append(operation)
    found = []
    for operations in parents.values():
        operations.sort(key=lambda it: it.zxid)
        for one, other in zip(operations, operations[1:]):
            if int(one.created[-10:]) >= int(other.created[-10:]):
                found.append(f"numbers do not grow: {one}; {other}")
    return found


def final_state(history, tree):
    """The last acknowledged write of each path is there, unless an unknown one came after it."""
    found = []
    for path, changes in history.changes_by_path().items():
        if any(change.is_ephemeral for _, change in changes):
            continue
        known = [pair for pair in changes if pair[0].is_acknowledged]
        unknown = [change for operation, change in changes if operation.is_unknown]
        last = max(known, key=lambda pair: pair[0].zxid, default=None)
        found += judge_znode(path, tree.get(path), last, unknown)
    return found


def judge_znode(path, znode, last, unknown):
    values = {change.value for change in unknown if change.kind != DELETE}
    if last is None:
        return [] if znode is None or znode["data"] in values else [
            f"{path} has a value that nobody wrote: {znode['data']!r}"]
    operation, change = last
    if znode is None:
        if change.kind == DELETE or any(it.kind == DELETE for it in unknown):
            return []
        return [f"LOST, {path} is not there: {operation}"]
    if znode["mzxid"] < operation.zxid:
        return [f"LOST, {path} is of 0x{znode['mzxid']:x}: {operation}"]
    if znode["mzxid"] == operation.zxid:
        if change.kind == DELETE or znode["data"] != change.value:
            return [f"{path} has {znode['data']!r} after {operation}"]
        return []
    return [] if znode["data"] in values else [
        f"{path} has {znode['data']!r} of 0x{znode['mzxid']:x}, which nobody wrote after "
        f"{operation}"]


def unique_values(tree):
    """A value is in one znode: the operation that wrote it was not executed twice."""
    found, seen = [], {}
    for path, znode in tree.items():
        if not znode["data"]:
            continue
        if other := seen.get(znode["data"]):
            found.append(f"executed twice: {other} and {path} have {znode['data']!r}")
        seen[znode["data"]] = path
    return found


def failed_values(history, tree):
    """What was answered with an error has left nothing."""
    present = {znode["data"]: path for path, znode in tree.items() if znode["data"]}
    return [
        f"answered with an error and in {present[change.value]}: {operation}"
        for operation in history.operations if operation.err not in (None, Err.OK)
        for change in operation.changes if change.value in present]


def multis(history, tree):
    """Of a multi without an answer there is all or nothing."""
    found = []
    for operation in history.operations:
        if operation.kind == MULTI and operation.is_unknown:
            made = {change.path in tree for change in operation.parts if change.kind == CREATE}
            if len(made) == 2:
                found.append(f"half of a multi: {operation}")
    return found


def counts(history, tree):
    """A znode that was never deleted counts its sets: each acknowledged one, unknown ones once."""
    found = []
    for path, changes in history.changes_by_path().items():
        if path not in tree or any(change.kind == DELETE for _, change in changes):
            continue
        sets = [operation for operation, change in changes if change.kind == SET]
        known = sum(operation.is_acknowledged for operation in sets)
        unknown = sum(operation.is_unknown for operation in sets)
        if not known <= tree[path]["version"] <= known + unknown:
            found.append(
                f"{path} has version {tree[path]['version']} after {known} acknowledged sets and "
                f"{unknown} without an answer")
    return found


def ephemerals(history, tree):
    """A session that has ended has left no ephemerals."""
    gone = history.closed_sessions | history.refused_sessions
    return [
        f"{path} has outlived its session 0x{znode['ephemeral_owner']:x}"
        for path, znode in tree.items() if znode["ephemeral_owner"] in gone]
