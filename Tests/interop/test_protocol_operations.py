"""Operations that kazoo does not send, byte by byte, and requests that no client sends."""

import pytest
from support.jute import Writer
from support.wire import (
    Disconnected, Err, Flag, Op, create_body, multi_errors, path_version_body, path_watch_body,
    read_stat)


def path_body(path):
    return Writer().string(path).bytes


def test_get_all_children_number_counts_the_whole_subtree(raw, root):
    client = raw()
    for path in ("/a", "/a/b", "/a/b/c", "/d"):
        client.create(root + path)
    for path, expected in (("", 4), ("/a", 2), ("/d", 0)):
        reply = client.call(Op.GET_ALL_CHILDREN_NUMBER, path_body(root + path))
        assert (reply.err, reply.body.int()) == (Err.OK, expected)
    assert client.call(Op.GET_ALL_CHILDREN_NUMBER, path_body(f"{root}/x")).err == Err.NO_NODE


def test_get_ephemerals_lists_the_sessions_own_below_a_prefix(raw, root):
    client, other = raw(), raw()
    for name in ("a1", "a2", "b1"):
        client.create(f"{root}/{name}", flags=Flag.EPHEMERAL)
    other.create(f"{root}/a3", flags=Flag.EPHEMERAL)
    reply = client.call(Op.GET_EPHEMERALS, path_body(f"{root}/a"))
    assert reply.err == Err.OK
    assert sorted(reply.body.strings()) == [f"{root}/a1", f"{root}/a2"]
    reply = client.call(Op.GET_EPHEMERALS, path_body("/"))
    assert len(reply.body.strings()) == 3


def test_who_am_i_names_the_address_and_every_identity_added(raw):
    client = raw()
    auth = Writer().int(0).string("digest").buffer(b"me:secret").bytes
    assert client.call(Op.AUTH, auth, xid=-4).err == Err.OK
    reply = client.call(Op.WHO_AM_I)
    assert reply.err == Err.OK
    identities = [(reply.body.string(), reply.body.string()) for _ in range(reply.body.int())]
    assert sorted(identities) == [("digest", "me"), ("ip", "127.0.0.1")]


def test_multi_read_answers_each_part_also_after_one_failed(raw, root):
    client = raw()
    client.create(f"{root}/a", b"value")
    body = Writer()
    for op, path in (
        (Op.GET_DATA, f"{root}/a"), (Op.GET_DATA, f"{root}/absent"), (Op.GET_CHILDREN, root),
    ):
        body.int(op).bool(False).int(-1).raw(path_watch_body(path))
    reply = client.call(Op.MULTI_READ, body.int(-1).bool(True).int(-1).bytes)
    assert reply.err == Err.OK
    answer = reply.body
    assert (answer.int(), answer.bool(), answer.int()) == (Op.GET_DATA, False, 0)
    assert answer.buffer() == b"value"
    assert read_stat(answer).data_length == 5
    assert (answer.int(), answer.bool()) == (-1, False)
    assert answer.int() == Err.NO_NODE
    assert answer.int() == Err.NO_NODE
    assert (answer.int(), answer.bool(), answer.int()) == (Op.GET_CHILDREN, False, 0)
    assert answer.strings() == ["a"]
    assert (answer.int(), answer.bool()) == (-1, True)


def test_create2_answers_with_path_and_stat(raw, root):
    reply = raw().call(Op.CREATE2, create_body(f"{root}/a", b"abc"))
    assert (reply.err, reply.body.string()) == (Err.OK, f"{root}/a")
    stat = read_stat(reply.body)
    assert (stat.data_length, stat.version, stat.czxid) == (3, 0, reply.zxid)
    assert reply.body.remaining == 0


def test_get_children2_answers_with_the_parents_stat(raw, root):
    client = raw()
    client.create(f"{root}/a")
    reply = client.call(Op.GET_CHILDREN2, path_watch_body(root))
    assert reply.body.strings() == ["a"]
    assert read_stat(reply.body).num_children == 1


def test_an_error_reply_is_a_header_and_nothing_more(raw, root):
    client = raw()
    for reply in (
        client.get(f"{root}/absent"), client.set(f"{root}/absent", b""), client.create(root),
        client.delete(root, 17),
    ):
        assert reply.err < 0
        assert reply.body.remaining == 0


UNKNOWN = pytest.mark.parametrize("op", [10, 99, 108, 500, -5, 2**31 - 1])


@UNKNOWN
def test_an_unknown_operation_is_unimplemented(raw, op):
    assert raw().call(op, b"anything").err == Err.UNIMPLEMENTED


@UNKNOWN
@pytest.mark.ours_only("it answers -6 and then closes the session")
def test_a_session_lives_on_after_an_unknown_operation(raw, root, op):
    client = raw()
    client.create(f"{root}/e", flags=Flag.EPHEMERAL)
    assert client.call(op, b"anything").err == Err.UNIMPLEMENTED
    assert client.exists(f"{root}/e").err == Err.OK


@pytest.mark.ours_only("3.8 takes check alone as a write (ZOOKEEPER-2623, fixed in 3.9.3)")
def test_check_outside_a_multi_changes_nothing_and_the_session_lives_on(raw, root):
    client = raw()
    before = client.exists(root).zxid
    assert client.call(Op.CHECK, path_version_body(root, 0)).err in (Err.OK, Err.UNIMPLEMENTED)
    reply = client.exists(root)
    assert reply.err == Err.OK
    assert reply.zxid == before


def test_sasl_is_answered_when_the_server_has_none_configured(raw, root):
    client = raw()
    reply = client.call(Op.SASL, Writer().buffer(b"token").bytes)
    assert (reply.err, reply.zxid) == (Err.OK, 0)
    # No token: that is how a client that wants SASL learns that it will not get it.
    assert reply.body.int() == -1
    assert reply.body.remaining == 0
    assert client.exists(root).err == Err.OK


@pytest.mark.ours_only("it deletes any znode without children, whatever its access list says")
def test_a_client_cannot_have_a_container_reaped(raw, root):
    owner, stranger = raw(), raw()
    assert owner.create(f"{root}/c", acl=[(1, "world", "anyone")]).err == Err.OK
    delete_container = Writer().string(f"{root}/c").bytes
    assert stranger.call(Op.DELETE_CONTAINER, delete_container).err == Err.UNIMPLEMENTED
    assert owner.exists(f"{root}/c").err == Err.OK


def test_a_get_of_the_empty_path_is_refused_and_the_session_lives_on(raw, root):
    client = raw()
    for op in (Op.GET_DATA, Op.EXISTS, Op.GET_CHILDREN, Op.GET_CHILDREN2):
        assert client.call(op, path_watch_body("")).err in (
            Err.OK, Err.NO_NODE, Err.BAD_ARGUMENTS, Err.MARSHALLING)
    assert client.set("", b"x").err in (Err.NO_NODE, Err.BAD_ARGUMENTS)
    assert client.exists(root).err == Err.OK


def test_null_data_is_kept_apart_from_empty_data(raw, root):
    client = raw()
    client.create(f"{root}/null", None)
    client.create(f"{root}/empty", b"")
    assert client.get(f"{root}/null").body.buffer() is None
    assert client.get(f"{root}/empty").body.buffer() == b""


def test_a_request_cut_short_is_a_marshalling_error_or_costs_the_connection_only(raw, root):
    client = raw()
    try:
        reply = client.call(Op.GET_DATA, Writer().int(1000).raw(b"/x").bytes)
        assert reply.err == Err.MARSHALLING
    except Disconnected:
        pass
    assert raw().exists(root).err == Err.OK


def test_a_multi_cut_short_changes_nothing(raw, root):
    client = raw()
    body = Writer().int(Op.CREATE).bool(False).int(-1).raw(create_body(f"{root}/a")).bytes
    try:
        assert client.call(Op.MULTI, body).err == Err.MARSHALLING
    except Disconnected:
        pass
    assert raw().exists(f"{root}/a").err == Err.NO_NODE


def test_a_multi_may_carry_containers(raw, root):
    client = raw()
    reply = client.multi([
        (Op.CREATE_CONTAINER, create_body(f"{root}/c", flags=Flag.CONTAINER)),
        (Op.DELETE, path_version_body(f"{root}/c")),
    ])
    assert reply.err == Err.OK
    assert client.exists(f"{root}/c").err == Err.NO_NODE


def test_closing_answers_before_the_connection_ends(raw):
    client = raw()
    assert client.call(Op.CLOSE).err == Err.OK
    with pytest.raises((Disconnected, OSError)):
        client.read_frame(5)


def test_a_failed_multi_has_the_error_of_its_first_failing_part_in_each_slot(raw, root):
    reply = raw().multi([
        (Op.CHECK, path_version_body(root, 7)), (Op.CREATE, create_body(f"{root}/a"))])
    assert multi_errors(reply.body) == [Err.BAD_VERSION, Err.RUNTIME_INCONSISTENCY]
