"""Input that is malformed, endless, slow or never read costs its own connection and no more."""

import socket
import struct
import threading
import time

import pytest
from support.fuzz import Fuzzer
from support.wire import (
    Disconnected, Err, Flag, Op, RawClient, Session, connect_request, path_watch_body, request)

FUZZ_CASES = 3000
# What a server may occupy under any of these attacks. Apache's heap alone is 512 MiB here.
RESIDENT_LIMIT_MIB = {"zknode": 300, "apache": 900}
# Loose: a busy machine is no reason to fail.
LATENCY_LIMIT_S = 2.0


class Bystander:
    """A client that reads and writes all the while, and remembers its worst answer time."""

    def __init__(self, server):
        self.client = RawClient(server.host, server.port).connect()
        assert self.client.create("/bystander").err == Err.OK
        self.worst_s, self.calls, self.error = 0.0, 0, None
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.done.wait(0.005):
                begun = time.monotonic()
                assert self.client.set("/bystander", b"x").err == Err.OK
                assert self.client.get("/bystander").err == Err.OK
                self.worst_s = max(self.worst_s, time.monotonic() - begun)
                self.calls += 1
        except BaseException as error:
            self.error = error

    def finish(self):
        """Ends after a few more answers, so that each attack is followed by some."""
        enough, deadline = self.calls + 5, time.monotonic() + 10
        while self.calls < enough and self.error is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.calls >= enough or self.error, "another client is not answered any more"
        self.done.set()
        self.thread.join(20)
        if self.error is not None:
            raise self.error
        self.client.close()


@pytest.fixture
def attacked(new_server):
    """A server under attack; afterwards it must be alive, small, and have served its bystander."""
    server = new_server({"nio.sessionlessCnxnTimeout": 2000})
    bystander = Bystander(server)
    yield server
    bystander.finish()
    assert server.process.poll() is None, server.log_tail()
    assert bystander.worst_s < LATENCY_LIMIT_S, f"another client waited {bystander.worst_s:.2f} s"
    resident = server.resident_mib()
    assert resident < RESIDENT_LIMIT_MIB[server.kind], f"{resident:.0f} MiB after the attack"


def handshake(server, timeout_ms=4_000):
    return RawClient(server.host, server.port, timeout_ms).connect()


def test_the_server_survives_a_seeded_storm_of_malformed_input(attacked):
    fuzzer = Fuzzer(seed=42, path="/fuzz")
    for _ in range(FUZZ_CASES):
        with_handshake, data = fuzzer.case()
        client = RawClient(attacked.host, attacked.port, 400, patience_s=0.02)
        try:
            client.open_socket()
            if with_handshake:
                client.patience_s = 5
                client.connect()
                client.patience_s = 0.02
            client.socket.sendall(data)
            client.socket.settimeout(0.005)
            client.socket.recv(4096)
        except (OSError, Disconnected):
            pass
        client.drop()
    with handshake(attacked) as client:
        assert client.exists("/").err == Err.OK


@pytest.mark.parametrize("length", [-1, -(2**31), 2**31 - 1, 100_000_000])
@pytest.mark.parametrize("connected", [False, True])
def test_an_impossible_frame_length_ends_the_connection_at_once(server, length, connected):
    client = RawClient(server.host, server.port)
    if connected:
        client.connect()
    else:
        client.open_socket()
    client.socket.sendall(struct.pack(">i", length) + b"x" * 100)
    with pytest.raises(Disconnected):
        while True:
            client.read_frame(5)


@pytest.mark.parametrize("count", [2**31 - 1, 10_000_000, -5])
def test_a_vector_of_an_impossible_length_is_not_believed(attacked, count):
    before = attacked.resident_mib()
    client = handshake(attacked)
    body = struct.pack(">q", 1) + struct.pack(">i", count) + b"\0" * 40
    try:
        assert client.call(Op.SET_WATCHES, body, xid=-8).err != Err.OK or count < 0
    except Disconnected:
        pass
    client.drop()
    assert attacked.resident_mib() < before + 64


def test_slow_senders_hold_up_nobody(attacked):
    """Frames that announce a megabyte and arrive a byte at a time."""
    slow = []
    for _ in range(50):
        client = handshake(attacked)
        client.socket.sendall(struct.pack(">i", 1_000_000))
        slow.append(client)
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        for client in slow:
            try:
                client.socket.sendall(b"x")
            except OSError:
                pass
        time.sleep(0.02)
    for client in slow:
        client.drop()


def test_a_silent_connection_without_a_handshake_is_closed_after_a_while(attacked):
    with socket.create_connection((attacked.host, attacked.port), timeout=10) as silent:
        begun = time.monotonic()
        assert silent.recv(1) == b""
        assert 1.0 < time.monotonic() - begun < 9.0


def test_a_client_that_falls_silent_loses_session_and_connection(attacked):
    client = handshake(attacked, timeout_ms=600)
    with pytest.raises(Disconnected):
        client.read_frame(10)


def test_half_open_connections_are_given_up_with_their_sessions(attacked, eventually):
    """Peers that vanished without a word: the server sees only that nothing comes any more."""
    silent = []
    for _ in range(30):
        client = handshake(attacked, timeout_ms=500)
        client.create("/e", flags=Flag.EPHEMERAL_SEQUENTIAL)
        # Neither read nor closed from here on, until all of them have expired.
        silent.append(client)
    with handshake(attacked) as observer:
        eventually(lambda: not [
            name for name in observer.children("/").body.strings() if name.startswith("e0")],
            what="the expiry of all of them")
    for client in silent:
        client.drop()


@pytest.mark.ours_only("it queues replies without a bound, up to its heap")
def test_replies_that_nobody_reads_are_not_piled_up(attacked):
    with handshake(attacked) as writer:
        assert writer.create("/big", b"b" * 1_000_000).err == Err.OK
    readers = [handshake(attacked, timeout_ms=20_000) for _ in range(4)]
    for reader in readers:
        reader.socket.settimeout(0.2)
        try:
            for xid in range(1, 1001):
                reader.socket.sendall(request(xid, Op.GET_DATA, path_watch_body("/big")))
        except OSError:
            pass
    peak = 0.0
    until = time.monotonic() + 2.0
    while time.monotonic() < until:
        peak = max(peak, attacked.resident_mib())
        time.sleep(0.05)
    assert peak < RESIDENT_LIMIT_MIB["zknode"], f"{peak:.0f} MiB for 4 GB of unread replies"
    for reader in readers:
        reader.drop()


def test_a_reader_that_pauses_gets_every_reply_in_order_when_it_goes_on(server, raw, root):
    client = raw(timeout_ms=30_000)
    client.create(f"{root}/big", b"b" * 200_000)
    for _ in range(100):
        client.send(Op.GET_DATA, path_watch_body(f"{root}/big"))
    time.sleep(0.5)
    for number in range(100):
        reply = client.read_reply()
        assert reply.xid == number + 2
        assert len(reply.body.buffer()) == 200_000


def test_a_hundred_connections_that_come_and_go_leave_nothing_behind(attacked, eventually):
    def descriptors():
        answer = attacked.ask("mntr")
        return int(answer.split("zk_open_file_descriptor_count\t")[1].split("\n")[0])

    before = descriptors()
    for _ in range(3):
        crowd = [socket.create_connection((attacked.host, attacked.port)) for _ in range(100)]
        for number, connection in enumerate(crowd):
            if number % 2:
                connection.sendall(connect_request(Session(), 400))
        for connection in crowd:
            connection.close()
    eventually(lambda: descriptors() <= before + 5, limit_s=15, what="the closing of descriptors")


def test_a_request_above_jute_maxbuffer_costs_the_connection_only(new_server):
    server = new_server({"jute.maxbuffer": 10_000})
    with handshake(server) as bystander:
        bystander.create("/a")
        client = handshake(server)
        assert client.set("/a", b"x" * 9_000).err == Err.OK
        with pytest.raises(Disconnected):
            client.set("/a", b"x" * 11_000)
        assert len(bystander.get("/a").body.buffer()) == 9_000


def test_a_megabyte_is_about_the_limit_by_default(server, raw, root):
    client = raw()
    assert client.create(f"{root}/a", b"x" * 1_040_000).err == Err.OK
    with pytest.raises(Disconnected):
        client.create(f"{root}/b", b"x" * 1_100_000)
    assert raw().exists(f"{root}/b").err == Err.NO_NODE


def test_connections_of_one_address_are_limited_by_max_client_cnxns(new_server, eventually):
    server = new_server({"maxClientCnxns": 3})

    def connects():
        try:
            return handshake(server)
        except (Disconnected, OSError):
            return None

    admitted = [eventually(connects) for _ in range(3)]
    assert connects() is None
    admitted.pop().close()
    late = eventually(connects, what="room for another connection")
    for client in [*admitted, late]:
        client.close()
