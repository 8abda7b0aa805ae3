"""The handshake: timeouts, passwords, moved sessions, and clients that know the future."""

import socket
import struct
import time

import pytest
from support.jute import Reader
from support.wire import (
    Disconnected, Err, Flag, Op, RawClient, Session, SessionRefused, connect_request,
    path_watch_body, request)


@pytest.mark.parametrize("asked_ms, granted_ms", [
    (1, 400), (400, 400), (5_000, 5_000), (30_000, 30_000), (10_000_000, 30_000), (0, 400),
    (-1, 400),
])
def test_the_timeout_is_what_was_asked_for_within_the_configured_bounds(raw, asked_ms, granted_ms):
    assert raw(timeout_ms=asked_ms).negotiated_ms == granted_ms


def test_without_configured_bounds_the_timeout_is_two_to_twenty_ticks(new_server):
    server = new_server({"tickTime": 500, "minSessionTimeout": -1, "maxSessionTimeout": -1})
    for asked_ms, granted_ms in ((1, 1000), (3_000, 3_000), (60_000, 10_000)):
        with RawClient(server.host, server.port, asked_ms) as client:
            assert client.negotiated_ms == granted_ms


def test_a_new_session_has_an_id_and_a_password_of_sixteen_bytes(raw):
    one, two = raw(), raw()
    assert one.session.id not in (0, two.session.id)
    assert len(one.session.password) == 16
    assert one.session.password != two.session.password
    assert one.protocol_version == 0


def test_the_handshake_without_the_read_only_byte_is_answered_without_it(raw, root):
    client = raw(read_only=None)
    assert client.read_only_byte is None
    assert client.exists(root).err == Err.OK


@pytest.mark.parametrize("read_only", [False, True])
def test_a_full_server_says_it_is_not_read_only(raw, root, read_only):
    client = raw(read_only=read_only)
    assert client.read_only_byte is False
    assert client.set(root, b"1").err == Err.OK


def test_the_wrong_password_is_refused_as_an_expired_session(raw, server):
    victim = raw()
    thief = RawClient(server.host, server.port, session=Session(victim.session.id, b"x" * 16))
    with pytest.raises(SessionRefused):
        thief.connect()


def test_a_refused_thief_leaves_the_session_and_its_ephemerals_alone(raw, root, server):
    victim = raw()
    victim.create(f"{root}/e", flags=Flag.EPHEMERAL)
    for password in (b"", b"short", b"x" * 16, b"x" * 1000):
        with pytest.raises((SessionRefused, Disconnected)):
            stolen = Session(victim.session.id, password)
            RawClient(server.host, server.port, session=stolen).connect()
    assert raw().exists(f"{root}/e").err == Err.OK


def test_an_unknown_session_is_refused(server):
    unknown = Session(0x7777777777, bytes(16))
    with pytest.raises(SessionRefused):
        RawClient(server.host, server.port, session=unknown).connect()


def test_a_session_comes_back_with_its_password_and_a_new_timeout(raw, root):
    client = raw(timeout_ms=5_000)
    client.create(f"{root}/e", flags=Flag.EPHEMERAL)
    session = client.session.id
    client.timeout_ms = 7_000
    client.reconnect()
    assert (client.session.id, client.negotiated_ms) == (session, 7_000)
    assert client.exists(f"{root}/e").err == Err.OK


def test_a_second_connection_of_a_session_takes_it_from_the_first(raw, root, server):
    first = raw()
    second = RawClient(server.host, server.port, session=Session(
        first.session.id, first.session.password)).connect()
    with pytest.raises((Disconnected, AssertionError, OSError)):
        assert first.exists(root).err == Err.OK
        # Apache closes the old connection; until that is seen a read may still be answered.
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            assert first.exists(root).err == Err.OK
            time.sleep(0.02)
    assert second.exists(root).err == Err.OK
    second.close()


def test_a_client_that_has_seen_a_later_zxid_is_turned_away(server):
    future = Session(0, bytes(16), last_zxid=2**60)
    client = RawClient(server.host, server.port, session=future)
    with pytest.raises(Disconnected):
        client.connect()


def test_a_handshake_in_small_pieces_is_understood(server, root):
    client = RawClient(server.host, server.port).open_socket()
    for byte in connect_request(Session(), 10_000):
        client.socket.sendall(bytes([byte]))
    reader = Reader(client.read_frame())
    assert (reader.int(), reader.int()) == (0, 10_000)
    for byte in request(1, Op.EXISTS, path_watch_body(root)):
        client.socket.sendall(bytes([byte]))
    assert client.read_reply().err == Err.OK
    client.close()


def test_requests_sent_together_with_the_handshake_are_served(server, root):
    client = RawClient(server.host, server.port).open_socket()
    burst = connect_request(Session(), 10_000)
    burst += b"".join(request(xid, Op.EXISTS, path_watch_body(root)) for xid in range(1, 101))
    client.socket.sendall(burst)
    client.read_frame()
    assert [client.read_reply().xid for _ in range(100)] == list(range(1, 101))
    client.close()


def test_a_request_in_place_of_the_handshake_ends_the_connection(server):
    client = RawClient(server.host, server.port).open_socket()
    client.socket.sendall(request(1, Op.EXISTS, path_watch_body("/")))
    with pytest.raises(Disconnected):
        while True:
            client.read_frame(5)


def test_a_connection_that_says_nothing_disturbs_nobody(server, raw, root):
    idle = [socket.create_connection((server.host, server.port)) for _ in range(20)]
    assert raw().exists(root).err == Err.OK
    for connection in idle:
        connection.close()


def test_a_protocol_version_from_the_future_is_served_as_version_zero(server):
    client = RawClient(server.host, server.port).open_socket()
    handshake = bytearray(connect_request(Session(), 10_000))
    handshake[4:8] = struct.pack(">i", 9)
    client.socket.sendall(handshake)
    reader = Reader(client.read_frame())
    assert (reader.int(), reader.int()) == (0, 10_000)
    client.drop()
