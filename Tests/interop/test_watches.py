"""Watches through kazoo and on the wire: each kind, once or for good, also over a reconnect."""

import queue

import pytest
from kazoo.protocol.states import EventType
from support.jute import Writer
from support.wire import (
    PERSISTENT_WATCH, RECURSIVE_WATCH, SET_WATCHES_XID, Err, Event, Op, watches_body)

# WatcherType, what checkWatches and removeWatches are about.
CHILDREN, DATA, ANY = 1, 2, 3


class Recorder:
    """A kazoo watch function that keeps what it was told."""

    def __init__(self):
        self.queue = queue.Queue()

    def __call__(self, event):
        self.queue.put((event.type, event.path))

    def next(self):
        return self.queue.get(timeout=10)

    @property
    def quiet(self):
        return self.queue.empty()


def test_a_data_watch_fires_once_when_the_data_changes(zk):
    seen = Recorder()
    zk.create("/a", b"")
    zk.get("/a", watch=seen)
    zk.set("/a", b"1")
    assert seen.next() == (EventType.CHANGED, "/a")
    zk.set("/a", b"2")
    zk.sync("/a")
    assert seen.quiet


def test_a_data_watch_fires_when_the_znode_is_deleted(zk):
    seen = Recorder()
    zk.create("/a", b"")
    zk.get("/a", watch=seen)
    zk.delete("/a")
    assert seen.next() == (EventType.DELETED, "/a")


def test_an_exists_watch_on_an_absent_znode_fires_at_its_creation(zk):
    seen = Recorder()
    assert zk.exists("/a", watch=seen) is None
    zk.create("/a", b"")
    assert seen.next() == (EventType.CREATED, "/a")


def test_a_child_watch_fires_for_members_and_not_for_their_data(zk):
    seen = Recorder()
    zk.create("/p", b"")
    zk.get_children("/p", watch=seen)
    zk.set("/p", b"data of the parent")
    zk.create("/p/c", b"")
    assert seen.next() == (EventType.CHILD, "/p")
    zk.get_children("/p", watch=seen)
    zk.set("/p/c", b"data of the child")
    zk.delete("/p/c")
    assert seen.next() == (EventType.CHILD, "/p")
    assert seen.quiet


def test_a_child_watch_fires_when_the_parent_itself_is_deleted(zk):
    seen = Recorder()
    zk.create("/p", b"")
    zk.get_children("/p", watch=seen)
    zk.delete("/p")
    assert seen.next() == (EventType.DELETED, "/p")


def test_every_client_is_told_of_a_change_made_by_another(zk, another):
    zk.create("/a", b"")
    recorders = [Recorder() for _ in range(5)]
    for seen in recorders:
        another().get("/a", watch=seen)
    zk.set("/a", b"1")
    assert [seen.next() for seen in recorders] == [(EventType.CHANGED, "/a")] * 5


def test_a_transaction_fires_the_watches_of_each_part(zk):
    data, children = Recorder(), Recorder()
    zk.create("/a", b"")
    zk.get("/a", watch=data)
    zk.get_children("/", watch=children)
    transaction = zk.transaction()
    transaction.set_data("/a", b"1")
    transaction.create("/b", b"")
    transaction.commit()
    assert data.next() == (EventType.CHANGED, "/a")
    assert children.next()[0] == EventType.CHILD


def test_a_failed_write_fires_nothing(raw, root):
    client = raw()
    client.create(f"{root}/a")
    client.get(f"{root}/a", watch=True)
    assert client.set(f"{root}/a", b"", 9).err == Err.BAD_VERSION
    assert client.drain_events() == []


def test_deleting_a_znode_tells_data_and_child_watchers_once_and_the_parents(raw, root):
    client = raw()
    path = f"{root}/a"
    client.create(path)
    client.get(path, watch=True)
    client.children(path, watch=True)
    client.children(root, watch=True)
    client.delete(path)
    events = [(event.type, event.path) for event in client.drain_events()]
    assert events == [(Event.DELETED, path), (Event.CHILDREN_CHANGED, root)]


def test_a_persistent_watch_fires_for_every_change_of_the_znode_and_its_children(raw, root):
    watcher, writer = raw(), raw()
    assert watcher.add_watch(root, PERSISTENT_WATCH).err == Err.OK
    writer.set(root, b"1")
    writer.set(root, b"2")
    writer.create(f"{root}/c")
    writer.set(f"{root}/c", b"not for a persistent watch")
    writer.delete(f"{root}/c")
    assert [(event.type, event.path) for event in watcher.drain_events()] == [
        (Event.DATA_CHANGED, root), (Event.DATA_CHANGED, root),
        (Event.CHILDREN_CHANGED, root), (Event.CHILDREN_CHANGED, root)]


def test_a_recursive_watch_sees_the_whole_subtree_and_no_child_events(raw, root):
    watcher, writer = raw(), raw()
    assert watcher.add_watch(root, RECURSIVE_WATCH).err == Err.OK
    writer.create(f"{root}/a")
    writer.create(f"{root}/a/b")
    writer.set(f"{root}/a/b", b"1")
    writer.delete(f"{root}/a/b")
    writer.set(root, b"1")
    assert [(event.type, event.path) for event in watcher.drain_events()] == [
        (Event.CREATED, f"{root}/a"), (Event.CREATED, f"{root}/a/b"),
        (Event.DATA_CHANGED, f"{root}/a/b"), (Event.DELETED, f"{root}/a/b"),
        (Event.DATA_CHANGED, root)]


def test_a_recursive_watch_does_not_match_a_sibling_with_the_same_beginning(raw, root):
    watcher, writer = raw(), raw()
    writer.create(f"{root}/ab")
    watcher.add_watch(f"{root}/a", RECURSIVE_WATCH)
    writer.set(f"{root}/ab", b"1")
    writer.create(f"{root}/a")
    assert [event.path for event in watcher.drain_events()] == [f"{root}/a"]


def test_an_add_watch_mode_that_does_not_exist_is_a_marshalling_error(raw, root):
    client = raw()
    assert client.add_watch(root, 7).err == Err.MARSHALLING
    assert client.exists(root).err == Err.OK


@pytest.mark.parametrize("kind, left", [
    (CHILDREN, [Event.DATA_CHANGED]), (DATA, [Event.CHILDREN_CHANGED]), (ANY, [])])
def test_removing_watches_of_one_kind_leaves_the_other(raw, root, kind, left):
    client = raw()
    client.get(root, watch=True)
    client.children(root, watch=True)
    check = Writer().string(root).int(kind).bytes
    assert client.call(Op.CHECK_WATCHES, check).err == Err.OK
    assert client.call(Op.REMOVE_WATCHES, check).err == Err.OK
    assert client.call(Op.CHECK_WATCHES, check).err == Err.NO_WATCHER
    client.drain_events()
    client.set(root, b"1")
    client.create(f"{root}/c")
    assert [seen.type for seen in client.drain_events()] == left


def test_removing_a_watch_that_is_not_there_is_no_watcher(raw, root):
    client = raw()
    body = Writer().string(root).int(ANY).bytes
    assert client.call(Op.CHECK_WATCHES, body).err == Err.NO_WATCHER
    assert client.call(Op.REMOVE_WATCHES, body).err == Err.NO_WATCHER


def test_set_watches_delivers_what_was_missed_and_arms_the_rest(raw, root):
    watcher, writer = raw(), raw()
    for name in ("changed", "deleted", "kept", "parent"):
        writer.create(f"{root}/{name}")
    seen_zxid = watcher.exists(root).zxid
    watcher.drop()
    writer.set(f"{root}/changed", b"1")
    writer.delete(f"{root}/deleted")
    writer.create(f"{root}/created")
    writer.create(f"{root}/parent/child")
    watcher.reconnect()
    data = [f"{root}/changed", f"{root}/deleted", f"{root}/kept"]
    body = watches_body(seen_zxid, data, [f"{root}/created", f"{root}/later"], [f"{root}/parent"])
    assert watcher.call(Op.SET_WATCHES, body, xid=SET_WATCHES_XID).err == Err.OK
    missed = {(event.type, event.path) for event in watcher.drain_events()}
    assert missed == {
        (Event.DATA_CHANGED, f"{root}/changed"), (Event.DELETED, f"{root}/deleted"),
        (Event.CREATED, f"{root}/created"), (Event.CHILDREN_CHANGED, f"{root}/parent")}
    writer.set(f"{root}/kept", b"1")
    writer.create(f"{root}/later")
    writer.set(f"{root}/changed", b"2")
    armed = [(event.type, event.path) for event in watcher.drain_events()]
    assert armed == [(Event.DATA_CHANGED, f"{root}/kept"), (Event.CREATED, f"{root}/later")]


def test_set_watches_two_arms_persistent_and_recursive_watches(raw, root):
    watcher, writer = raw(), raw()
    writer.create(f"{root}/p")
    writer.create(f"{root}/r")
    zxid = watcher.exists(root).zxid
    watcher.reconnect()
    body = watches_body(zxid, [], [], [], [f"{root}/p"], [f"{root}/r"])
    assert watcher.call(Op.SET_WATCHES2, body, xid=SET_WATCHES_XID).err == Err.OK
    for value in (b"1", b"2"):
        writer.set(f"{root}/p", value)
    writer.create(f"{root}/r/deep")
    assert [(event.type, event.path) for event in watcher.drain_events()] == [
        (Event.DATA_CHANGED, f"{root}/p"), (Event.DATA_CHANGED, f"{root}/p"),
        (Event.CREATED, f"{root}/r/deep")]


def test_watches_end_with_their_session(raw, root, server):
    watcher, writer = raw(), raw()
    watcher.get(root, watch=True)
    watcher.close()
    assert writer.set(root, b"1").err == Err.OK


@pytest.mark.ours_only("3.8 sends events on znodes that the watcher may not read (CVE-2024-23944)")
def test_a_recursive_watch_keeps_quiet_about_what_its_owner_may_not_read(raw, root):
    watcher, writer = raw(), raw()
    watcher.add_watch(root, RECURSIVE_WATCH)
    writer.create(f"{root}/secret", acl=[(30, "world", "anyone")])
    writer.create(f"{root}/open")
    assert [event.path for event in watcher.drain_events()] == [f"{root}/open"]
