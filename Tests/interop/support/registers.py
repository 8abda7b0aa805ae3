"""Linearizability of compare-and-set registers, decided without looking at zxids.

The search of Wing and Gong with the memory of Lowe: an order of all operations that respects real
time and in which each one has the outcome that it had. A znode that is only set with versions is a
register whose state is its version: a set asks for version v, and makes v + 1 or fails.
"""

import math

from .wire import Err

# Beyond so many configurations a history is left undecided: the other checks have looked at it.
CONFIGURATION_LIMIT = 200_000


def is_linearizable(operations, version=0):
    """True, False, or None where it was too much to decide; `version` is the first state."""
    known = sorted((it for it in operations if not it.is_unknown), key=lambda it: it.invoked)
    # When the first one without an answer that asks for a version was sent.
    unknown = {}
    for operation in operations:
        if operation.is_unknown:
            sent = unknown.get(operation.version, math.inf)
            unknown[operation.version] = min(sent, operation.invoked)
    start = (0, frozenset(), version)
    stack, seen = [start], {start}
    while stack:
        configuration = stack.pop()
        if configuration[0] == len(known):
            return True
        for following in successors(configuration, known, unknown):
            if following not in seen:
                seen.add(following)
                stack.append(following)
        if len(seen) > CONFIGURATION_LIMIT:
            return None
    return False


def successors(configuration, known, unknown):
    """A configuration is: the first `done` known ones, some after them, and the state."""
    done, extra, version = configuration
    # Whatever was sent after one that is left was answered comes after that one.
    bound, index, candidates = math.inf, done, []
    while index < len(known) and known[index].invoked < bound:
        if index not in extra:
            candidates.append(index)
            bound = min(bound, known[index].completed)
        index += 1
    for index in candidates:
        operation = known[index]
        if operation.invoked < bound and has_outcome(operation, version):
            state = version + 1 if operation.is_acknowledged else version
            yield advanced(done, extra | {index}, state)
    # One without an answer may be executed while its version is there; later it cannot any more.
    if unknown.get(version, math.inf) < bound:
        yield done, extra, version + 1


def has_outcome(operation, version):
    if operation.is_acknowledged:
        return operation.version == version and operation.stat.version == version + 1
    return operation.err != Err.BAD_VERSION or operation.version != version


def advanced(done, extra, version):
    while done in extra:
        extra = extra - {done}
        done += 1
    return done, extra, version
