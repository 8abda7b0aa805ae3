"""Four-letter words: answers of the same shape as Apache's, line by line."""

import re
import socket
import struct

import pytest
from support.wire import Flag, RawClient, four_letter_word

SHAPES = ["ruok", "isro", "gtmk", "srvr", "stat", "cons", "dump", "dirs", "wchs", "wchc", "wchp"]

# What monitoring reads from mntr: the gauges, and the counters and summaries of the write path.
MONITORED = """
    version server_state ephemerals_count num_alive_connections avg_latency max_latency min_latency
    outstanding_requests znode_count global_sessions local_sessions packets_sent packets_received
    watch_count approximate_data_size uptime open_file_descriptor_count max_file_descriptor_count
    last_client_response_size max_client_response_size min_client_response_size
    connection_drop_probability auth_failed_count non_mtls_local_conn_count
    non_mtls_remote_conn_count outstanding_tls_handshake
    connection_request_count connection_rejected bytes_received_count snap_count commit_count
    response_packet_cache_hits response_packet_cache_misses
    avg_fsynctime min_fsynctime max_fsynctime cnt_fsynctime sum_fsynctime
    avg_snapshottime max_snapshottime cnt_snapshottime
    avg_readlatency p50_readlatency p95_readlatency p99_readlatency p999_readlatency
    avg_updatelatency p50_updatelatency p99_updatelatency cnt_updatelatency
""".split()


def masked(text):
    """An answer with everything that differs between runs replaced, the punctuation kept."""
    text = re.sub(r"(?m)^Zookeeper version: .*$", "Zookeeper version: V", text)
    text = re.sub(r"expire at .*:", "expire at DATE:", text)
    text = re.sub(r"0x[0-9a-f]+", "0xN", text)
    text = re.sub(r"/test\d+|/f4\S*", "/PATH", text)
    text = re.sub(r"lop=[A-Z]+", "lop=OP", text)
    return re.sub(r"-?\d+(\.\d+)?", "N", text)


class Scene:
    """A server in a known state: one session with an ephemeral, two watches, and nobody else."""

    def __init__(self, server):
        self.server = server
        self.client = RawClient(server.host, server.port).connect()
        self.client.create("/f4")
        self.client.create("/f4/e", flags=Flag.EPHEMERAL)
        self.client.get("/f4", watch=True)
        self.client.get("/f4/e", watch=True)
        self.client.children("/f4", watch=True)

    def close(self):
        self.client.delete("/f4/e")
        self.client.delete("/f4")
        self.client.close()


@pytest.fixture
def scene(new_server):
    made = Scene(new_server())
    yield made
    made.close()


@pytest.fixture(scope="module")
def reference_scene(apache_reference):
    made = Scene(apache_reference)
    yield made
    made.close()


@pytest.fixture(scope="module")
def own_scene(server_class, tmp_path_factory):
    server = server_class(tmp_path_factory.mktemp("words")).start()
    made = Scene(server)
    yield made
    made.close()
    server.stop()


@pytest.mark.parametrize("word", SHAPES)
def test_an_answer_has_the_shape_of_apaches(own_scene, reference_scene, word):
    ours, theirs = own_scene.server.ask(word), reference_scene.server.ask(word)
    assert kinds_of_lines(masked(ours)) == kinds_of_lines(masked(theirs))
    assert ours.endswith("\n") == theirs.endswith("\n")


def kinds_of_lines(text):
    """Each kind of line once, in order; connections are listed in none, so they go first."""
    kinds = list(dict.fromkeys(text.split("\n")))
    return sorted(kinds, key=lambda kind: (0, kind) if kind.startswith(" /") else (1, ""))


def test_conf_has_apaches_keys_in_apaches_order(own_scene, reference_scene):
    def keys(text):
        return [line.split("=")[0] for line in text.splitlines() if line]

    assert keys(own_scene.server.ask("conf")) == keys(reference_scene.server.ask("conf"))


def test_conf_shows_the_values_in_force(own_scene):
    values = dict(line.split("=", 1) for line in own_scene.server.ask("conf").splitlines() if line)
    config = own_scene.server.config
    assert values["clientPort"] == str(config["clientPort"])
    assert values["tickTime"] == str(config["tickTime"])
    assert values["minSessionTimeout"] == str(config["minSessionTimeout"])
    assert values["maxSessionTimeout"] == str(config["maxSessionTimeout"])
    assert values["dataDir"].startswith(str(config["dataDir"]))


def test_envi_begins_with_its_title_and_the_version(own_scene):
    lines = own_scene.server.ask("envi").splitlines()
    assert lines[0] == "Environment:"
    assert lines[1].startswith("zookeeper.version=")
    keys = [line.split("=")[0] for line in lines[1:] if line]
    assert {"host.name", "os.name", "os.arch", "os.version", "user.dir"} <= set(keys)


def test_mntr_is_tab_separated_with_every_monitored_key(own_scene):
    lines = [line for line in own_scene.server.ask("mntr").splitlines() if line]
    assert all(re.fullmatch(r"zk_\w+\t\S.*", line) for line in lines)
    keys = [line.split("\t")[0] for line in lines]
    assert keys[:2] == ["zk_version", "zk_server_state"]
    assert len(keys) == len(set(keys))
    assert {f"zk_{name}" for name in MONITORED} - set(keys) == set()


def test_mntr_counts_what_is_there(scene):
    values = dict(line.split("\t") for line in scene.server.ask("mntr").splitlines() if line)
    assert values["zk_server_state"] == "standalone"
    assert values["zk_ephemerals_count"] == "1"
    assert values["zk_watch_count"] == "3"
    assert values["zk_global_sessions"] == "1"
    # Root, /zookeeper, its config and quota, and the two of the scene; Apache 3.8 makes one more.
    assert int(values["zk_znode_count"]) in (6, 7)
    assert float(values["zk_avg_latency"]) >= 0


def test_dump_names_the_session_and_its_ephemeral(scene):
    answer = scene.server.ask("dump")
    session = f"0x{scene.client.session.id:x}"
    assert f"\t{session}\n" in answer
    assert f"Sessions with Ephemerals (1):\n{session}:\n\t/f4/e\n" in answer


def test_watches_are_listed_by_session_and_by_path(scene):
    session = f"0x{scene.client.session.id:x}"
    assert scene.server.ask("wchs").startswith("1 connections watching 2 paths\nTotal watches:2")
    assert scene.server.ask("wchc").splitlines()[0] == session
    assert set(scene.server.ask("wchc").split()) == {session, "/f4", "/f4/e"}
    assert f"/f4/e\n\t{session}\n" in scene.server.ask("wchp")


def test_srvr_counts_nodes_and_shows_the_last_zxid(scene):
    reply = scene.client.set("/f4", b"1")
    answer = scene.server.ask("srvr")
    assert f"Zxid: 0x{reply.zxid:x}\n" in answer
    assert "Mode: standalone\n" in answer


def test_the_resets_answer_and_reset(scene):
    for _ in range(50):
        scene.client.exists("/f4")
    assert scene.server.ask("srst") == "Server stats reset.\n"
    received = int(re.search(r"Received: (\d+)", scene.server.ask("srvr"))[1])
    assert received < 50
    assert scene.server.ask("crst") == "Connection stats reset.\n"
    counts = [int(count) for count in re.findall(r"recved=(\d+)", scene.server.ask("cons"))]
    assert max(counts) < 50


def test_the_trace_mask_is_read_and_set(scene):
    mask = struct.pack(">q", 0b1010)
    assert scene.server.ask("stmk", mask) == "10"
    assert scene.server.ask("gtmk") == "10"


def test_a_word_outside_the_whitelist_says_so(new_server):
    server = new_server({"4lw.commands.whitelist": "srvr, ruok"})
    assert server.ask("ruok") == "imok"
    for word in ("mntr", "stat", "conf"):
        assert server.ask(word) == f"{word} is not executed because it is not in the whitelist.\n"


def test_ruok_needs_no_more_than_its_four_bytes_and_ignores_what_follows(server):
    assert four_letter_word(server.host, server.port, "ruok\n") == "imok"
    assert four_letter_word(server.host, server.port, "ruok and more") == "imok"


def test_a_word_in_pieces_is_answered(server):
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"ruok":
            connection.sendall(bytes([byte]))
        assert connection.recv(100) == b"imok"


@pytest.mark.parametrize("garbage", ["xxxx", "GET / HTTP/1.1\r\n\r\n", "RUOK", "\x7f\xff\xff\xff"])
def test_an_unknown_word_is_closed_without_an_answer(server, garbage):
    assert four_letter_word(server.host, server.port, garbage) == ""
    assert server.ask("ruok") == "imok"
