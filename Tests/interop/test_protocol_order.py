"""Order: replies, zxids and watch events as a pipelining client sees them."""

import random

from support.jute import Reader
from support.wire import (
    NOTIFICATION_XID, Err, Event, Op, create_body, path_version_body, path_watch_body, set_body)

IN_FLIGHT = 1000


def test_a_thousand_mixed_requests_in_flight_are_answered_in_order(raw, root):
    client = raw()
    choose = random.Random(7)
    sent = []
    for _ in range(IN_FLIGHT):
        path = f"{root}/n{choose.randrange(50)}"
        op, body = choose.choice([
            (Op.CREATE, create_body(path, b"x")), (Op.SET_DATA, set_body(path, b"y")),
            (Op.DELETE, path_version_body(path)), (Op.GET_DATA, path_watch_body(path)),
            (Op.EXISTS, path_watch_body(path)), (Op.GET_CHILDREN, path_watch_body(root)),
        ])
        sent.append(client.send(op, body))
    last_zxid = 0
    for xid in sent:
        reply = client.read_reply()
        assert reply.xid == xid
        assert reply.zxid >= last_zxid, "the zxid of replies went back"
        last_zxid = reply.zxid


def test_the_zxid_of_each_write_is_above_the_one_before(raw, root):
    client = raw()
    client.create(f"{root}/a")
    for _ in range(300):
        client.send(Op.SET_DATA, set_body(f"{root}/a", b""))
    zxids = [client.read_reply().zxid for _ in range(300)]
    assert zxids == sorted(set(zxids))


def test_a_read_in_a_pipeline_sees_the_write_before_it_and_not_the_one_after(raw, root):
    client = raw()
    path = f"{root}/a"
    client.create(path)
    for number in range(200):
        client.send(Op.SET_DATA, set_body(path, b"%d" % number))
        client.send(Op.GET_DATA, path_watch_body(path))
    for number in range(200):
        assert client.read_reply().err == Err.OK
        assert client.read_reply().body.buffer() == b"%d" % number


def test_two_pipelines_at_once_keep_their_own_order(raw, root):
    clients = [raw() for _ in range(4)]
    for round_number in range(100):
        for number, client in enumerate(clients):
            path = f"{root}/c{number}-{round_number}"
            client.send(Op.CREATE, create_body(path))
            client.send(Op.EXISTS, path_watch_body(path))
    for client in clients:
        for expected in range(1, 201):
            reply = client.read_reply()
            assert (reply.xid, reply.err) == (expected, Err.OK)


def test_the_event_of_a_watch_comes_before_the_reply_that_shows_the_change(raw, root):
    """The watcher polls while another client writes: it may never read what it was not told of."""
    watcher, writer = raw(), raw()
    path = f"{root}/a"
    writer.create(path, b"0")
    for number in range(1, 51):
        old = watcher.get(path, watch=True).body.buffer()
        assert old == b"%d" % (number - 1)
        writer.send(Op.SET_DATA, set_body(path, b"%d" % number))
        while True:
            before = len(watcher.events)
            value = watcher.get(path).body.buffer()
            if value != old:
                assert len(watcher.events) > before or watcher.events, "read before it was told"
                break
        assert [event.type for event in watcher.events] == [Event.DATA_CHANGED]
        watcher.events.clear()
        writer.read_reply()


def test_the_event_of_ones_own_write_comes_before_its_reply(raw, root):
    client = raw()
    client.get(root, watch=True)
    read_so_far = client.replies_read
    assert client.set(root, b"1").err == Err.OK
    assert [event.after_replies for event in client.events] == [read_so_far]


def test_events_arrive_in_the_order_of_the_changes(raw, root):
    watcher, writer = raw(), raw()
    paths = [f"{root}/n{number}" for number in range(100)]
    for path in paths:
        watcher.exists(path, watch=True)
    shuffled = random.Random(3).sample(paths, len(paths))
    for path in shuffled:
        writer.send(Op.CREATE, create_body(path))
    for _ in shuffled:
        assert writer.read_reply().err == Err.OK
    assert [event.path for event in watcher.drain_events()] == shuffled


def test_a_ping_overtakes_nothing_and_carries_its_own_xid(raw, root):
    client = raw()
    client.send(Op.SET_DATA, set_body(root, b"1"))
    client.send(Op.PING, xid=-2)
    client.send(Op.EXISTS, path_watch_body(root))
    first_three = [client.read_reply().xid for _ in range(3)]
    assert first_three == [1, -2, 2]


def test_notifications_have_the_reserved_xid_and_name_no_request(raw, root):
    client = raw()
    client.get(root, watch=True)
    client.send(Op.SET_DATA, set_body(root, b"1"))
    header = Reader(client.read_frame())
    assert header.int() == NOTIFICATION_XID
    assert client.read_reply().err == Err.OK


def test_sequential_numbers_of_concurrent_clients_are_never_used_twice(raw, root):
    clients = [raw() for _ in range(4)]
    for _ in range(100):
        for client in clients:
            client.send(Op.CREATE, create_body(f"{root}/n-", b"", 2))
    names = [client.read_reply().body.string() for client in clients for _ in range(100)]
    assert sorted(names) == [f"{root}/n-{number:010d}" for number in range(400)]
