"""Steps that the ensemble tests share: waiting for writes, and the audit at the end."""

import contextlib
import itertools

from .checks import check
from .jute import Writer
from .member import wait_until
from .trees import check_identical
from .wire import Op

# How long a fault may keep an ensemble from acknowledging, before a test calls it an outage.
OUTAGE_LIMIT_S = 20

numbers = itertools.count(1)


def wait_for_progress(load, writes=100, limit_s=OUTAGE_LIMIT_S):
    """Until so many more writes have been acknowledged from now on."""
    goal = load.acknowledged + writes
    wait_until(lambda: load.acknowledged >= goal, limit_s, lambda: f"more writes: {load}")


def audit(ensemble, load):
    """Ends a load, and holds all members to everything that its clients were told."""
    load.stop()
    ensemble.mend()
    tree = check_identical(ensemble.members)
    found = check(load.history, tree, load.top, confirmed_sync=not ensemble.is_apache)
    assert not found, f"{load}\n" + "\n".join(found[:20])
    assert not load.history.refused_sessions, "sessions were lost"


def holds_within(condition, seconds):
    """Whether something that must not happen does, in a time in which it usually would."""
    with contextlib.suppress(AssertionError):
        return wait_until(condition, seconds, "it")
    return False


def sync(client):
    return client.call(Op.SYNC, Writer().string("/").bytes)


def path_of_test():
    return f"/test{next(numbers)}"
