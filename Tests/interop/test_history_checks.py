"""The checks of histories find what they look for: each kind of violation, put in by hand."""

import random
from types import SimpleNamespace

import pytest
from support import checks
from support.history import CREATE, DELETE, GET, MULTI, SET, SYNC, History, Operation
from support.registers import is_linearizable
from support.wire import Err

TOP = "/load"


class PerfectServer:
    """Executes operations in the order in which they come, and writes a history as it should be."""

    def __init__(self):
        self.history, self.tree = History(), {}
        self.zxid, self.now = 0x100000000, 0.0

    def run(self, kind, path, value=None, version=-1, client=0, answered=True, **options):
        """One operation; `answered=False` executes it and keeps the answer."""
        operation = Operation(kind, path, value, version, **options)
        operation.client = operation.session = client
        operation.invoked, self.now = self.now, self.now + 1
        self.history.operations.append(operation)
        err = self.execute(operation)
        if answered:
            operation.err, operation.zxid = err, self.zxid
            operation.completed, self.now = self.now, self.now + 1
        else:
            operation.created = operation.stat = None
        return operation

    def execute(self, operation):
        znode = self.tree.get(operation.path)
        if operation.kind == SET and operation.version not in (-1, znode["version"]):
            return Err.BAD_VERSION
        if operation.kind == GET and znode is None:
            return Err.NO_NODE
        self.zxid += operation.is_write
        for change in operation.changes:
            self.change(change)
        path = operation.created or operation.path
        if path in self.tree:
            operation.stat = SimpleNamespace(**self.tree[path])
        return Err.OK

    def change(self, change):
        path = change.path
        if change.kind == CREATE:
            if change.is_sequential:
                path += f"{sum(it.startswith(path) for it in self.tree):010d}"
                change.created = path
            owner = change.session if change.is_ephemeral else 0
            self.tree[path] = {
                "data": change.value, "version": 0, "czxid": self.zxid, "mzxid": self.zxid,
                "ephemeral_owner": owner}
        elif change.kind == SET:
            znode = self.tree[path]
            znode |= {"data": change.value, "version": znode["version"] + 1, "mzxid": self.zxid}
        else:
            del self.tree[path]

    def judge(self):
        return checks.check(self.history, self.tree, TOP)


@pytest.fixture
def server():
    """After some operations of every kind, by two clients."""
    server = PerfectServer()
    server.tree = {
        f"{TOP}/{name}": {
            "data": b"", "version": 0, "czxid": 1, "mzxid": 1, "ephemeral_owner": 0}
        for name in ("register", "counter")}
    for number in range(3):
        server.run(SET, f"{TOP}/register", b"r%d" % number, number, client=number % 2 + 1)
        server.run(SET, f"{TOP}/counter", b"c%d" % number, client=1)
        server.run(CREATE, f"{TOP}/n{number}", b"n%d" % number, client=2)
        server.run(CREATE, f"{TOP}/item-", b"s%d" % number, client=1, is_sequential=True)
        server.run(SYNC, TOP, client=2)
        server.run(GET, f"{TOP}/register", client=2)
    server.run(SET, f"{TOP}/register", b"failed", 1, client=1)
    server.run(DELETE, f"{TOP}/n1", client=2)
    server.run(MULTI, TOP, client=1, parts=(
        Operation(CREATE, f"{TOP}/m1", b"m1"), Operation(CREATE, f"{TOP}/m2", b"m2")))
    return server


def the(server, kind, path=None, number=-1):
    """The last, or another one, of the operations of a kind."""
    return [
        it for it in server.history.operations
        if it.kind == kind and path in (None, it.path)][number]


def test_a_history_as_it_should_be_passes(server):
    assert server.judge() == []


def test_writes_without_an_answer_may_have_been_executed_or_not(server):
    server.run(SET, f"{TOP}/register", b"executed", 3, answered=False)
    server.run(CREATE, f"{TOP}/executed", b"e", answered=False)
    lost = server.run(CREATE, f"{TOP}/lost", b"l", answered=False)
    del server.tree[lost.path]
    server.run(DELETE, f"{TOP}/n0", answered=False)
    assert server.judge() == []


def expect(server, *words):
    found = server.judge()
    assert any(all(word in it for word in words) for it in found), found


def test_an_acknowledged_create_that_is_not_there_is_found(server):
    del server.tree[f"{TOP}/n0"]
    expect(server, "LOST", f"{TOP}/n0")


def test_an_acknowledged_set_that_was_rolled_back_is_found(server):
    server.tree[f"{TOP}/counter"] |= {"data": b"c1", "mzxid": 0x100000002, "version": 2}
    expect(server, "LOST", f"{TOP}/counter")


def test_an_acknowledged_part_of_a_multi_that_is_not_there_is_found(server):
    del server.tree[f"{TOP}/m2"]
    expect(server, "LOST", f"{TOP}/m2")


def test_a_deleted_znode_that_came_back_is_found(server):
    server.tree[f"{TOP}/n1"] = dict(server.tree[f"{TOP}/n0"], data=b"n1", mzxid=server.zxid + 1)
    expect(server, f"{TOP}/n1", "nobody wrote")


def test_a_value_that_nobody_wrote_is_found(server):
    server.tree[f"{TOP}/n0"]["data"] = b"other"
    expect(server, f"{TOP}/n0", "has b'other'")


def test_half_of_a_multi_is_found(server):
    server.run(MULTI, TOP, answered=False, parts=(
        Operation(CREATE, f"{TOP}/m3", b"m3"), Operation(CREATE, f"{TOP}/m4", b"m4")))
    del server.tree[f"{TOP}/m4"]
    expect(server, "half of a multi")


def test_a_create_that_was_executed_twice_is_found(server):
    server.run(CREATE, f"{TOP}/item-", b"twice", is_sequential=True, answered=False)
    server.execute(Operation(CREATE, f"{TOP}/item-", b"twice", is_sequential=True))
    expect(server, "executed twice")


def test_a_set_that_was_executed_twice_is_found(server):
    twice = server.run(SET, f"{TOP}/counter", b"twice", answered=False)
    server.execute(twice)
    expect(server, f"{TOP}/counter has version 5 after 3 acknowledged sets and 1")


def test_what_was_refused_and_is_there_all_the_same_is_found(server):
    server.tree[f"{TOP}/n0"]["data"] = b"failed"
    expect(server, "answered with an error")


def test_two_writes_with_one_zxid_are_found(server):
    the(server, SET, f"{TOP}/counter").zxid = the(server, SET, f"{TOP}/register", 2).zxid
    expect(server, "two writes with one zxid")


def test_an_order_of_zxids_that_is_not_real_time_is_found(server):
    early, late = the(server, CREATE, f"{TOP}/n0"), the(server, CREATE, f"{TOP}/n2")
    early.zxid, late.zxid = late.zxid, early.zxid
    expect(server, "answered before the other was sent")


def test_a_session_whose_writes_change_places_is_found(server):
    one, other = the(server, CREATE, f"{TOP}/n0"), the(server, CREATE, f"{TOP}/n2")
    # Pipelined: neither was answered when the other was sent.
    one.completed = other.completed
    one.zxid, other.zxid = other.zxid, one.zxid
    expect(server, "not in the order sent")


def test_a_session_that_reads_an_older_state_is_found(server):
    the(server, GET).zxid = 0x100000001
    expect(server, "goes back")


def test_an_older_value_after_a_newer_one_is_found(server):
    the(server, GET).stat.mzxid = 0x100000001
    expect(server, "an older value was read after a newer one")


def test_a_read_that_lacks_a_write_below_its_zxid_is_found(server):
    first = the(server, GET, number=0)
    first.zxid = the(server, SET, f"{TOP}/register", 1).zxid
    expect(server, "and lacks that of")


def test_a_znode_that_was_seen_and_is_gone_is_found(server):
    the(server, GET).err = Err.NO_NODE
    expect(server, "seen and never deleted")


def test_a_stale_read_after_a_sync_is_found(server):
    read = server.run(GET, f"{TOP}/register", client=7)
    assert server.judge() == []
    synced = Operation(SYNC, TOP, client=7, session=7, invoked=read.invoked - 0.2, err=0,
                       completed=read.invoked - 0.1, zxid=1)
    server.history.operations.insert(-1, synced)
    read.zxid = 0x100000002
    expect(server, "after a sync")


def test_a_version_that_comes_twice_is_found(server):
    the(server, SET, f"{TOP}/counter").stat.version -= 1
    expect(server, "goes from version 2 to 2")


def test_a_version_that_nobody_wrote_is_found(server):
    the(server, SET, f"{TOP}/counter").stat.version += 2
    expect(server, "goes from version 2 to 5")


def test_a_versioned_set_that_made_another_version_is_found(server):
    the(server, SET, f"{TOP}/register", 2).stat.version = 9
    expect(server, "made version 9")


def test_sequential_numbers_that_do_not_grow_are_found(server):
    the(server, CREATE, f"{TOP}/item-").created = f"{TOP}/item-0000000001"
    expect(server, "numbers do not grow")


def test_an_ephemeral_of_a_closed_session_is_found(server):
    server.run(CREATE, f"{TOP}/e", b"e", client=5, is_ephemeral=True)
    assert server.judge() == []
    server.history.closed_sessions.add(5)
    expect(server, "has outlived its session")


def versioned_set(version, invoked, completed=None, err=None):
    made = SimpleNamespace(version=version + 1) if err == Err.OK else None
    return Operation(
        SET, "/r", version=version, invoked=invoked, completed=completed, err=err, stat=made)


@pytest.mark.parametrize("operations, expected", [
    ([], True),
    # One wins and one fails, at the same time.
    ([(0, 0, 2, 0), (0, 1, 3, Err.BAD_VERSION)], True),
    # Both win.
    ([(0, 0, 2, 0), (0, 1, 3, 0)], False),
    # The failure was answered before the winner was sent.
    ([(0, 0, 1, Err.BAD_VERSION), (0, 2, 3, 0)], False),
    # One without an answer explains it, if it was sent before.
    ([(0, 0, None, None), (1, 1, 2, 0)], True),
    ([(1, 1, 2, 0), (0, 3, None, None)], False),
    # One without an answer is not executed twice.
    ([(0, 0, None, None), (1, 1, 2, 0), (3, 3, 4, 0)], False),
    # An acknowledged one was lost: its version is there again.
    ([(0, 0, 1, 0), (1, 2, 3, 0), (1, 4, 5, 0)], False),
])
def test_linearizability_of_registers_is_decided(operations, expected):
    assert is_linearizable([versioned_set(*it) for it in operations]) is expected


@pytest.mark.parametrize("seed", range(20))
def test_random_concurrent_registers_are_linearizable_until_one_outcome_is_changed(seed):
    choose = random.Random(seed)
    operations, version, now = [], 0, 0.0
    for _ in range(200):
        # It takes effect at `now`, somewhere between its two times.
        now += 1
        asked = max(0, version - choose.choice([0, 0, 0, 1]))
        wins = asked == version
        times = (now - choose.uniform(0, 4), now + choose.uniform(0, 4))
        if choose.random() < 0.05:
            operations.append(versioned_set(asked, times[0]))
        else:
            operations.append(versioned_set(asked, *times, Err.OK if wins else Err.BAD_VERSION))
        version += wins
    choose.shuffle(operations)
    assert is_linearizable(operations) is True
    won = [it for it in operations if it.is_acknowledged]
    # Two with the same version have won.
    operations.append(versioned_set(won[0].version, 0, now, Err.OK))
    assert is_linearizable(operations) is False
