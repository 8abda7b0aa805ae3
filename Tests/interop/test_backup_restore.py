"""Backup, restore, snapshots on demand, and the ways to and from Apache ZooKeeper's files."""

import hashlib
import json
import shutil
import socket
import subprocess
import threading
import time

import pytest
from support.jute import Writer
from support.servers import ApacheZooKeeper, ZKNode
from support.wire import (
    Err, Flag, Op, RawClient, Session, create_body, multi_body, read_stat, set_body)

pytestmark = pytest.mark.ours_only("it has no such tools")

DONE, FAILED, DIRECTORY, DAMAGED, UNREACHABLE, USAGE = 0, 1, 3, 5, 6, 2
# Longer than a test, so that sessions and their ephemerals outlive the way from server to server.
SESSION_MS = 30_000
READABLE = [(1, "world", "anyone"), (31, "digest", "boss:bzZgYhqaMs3ijzY9xIP0KNCYyT4=")]


# The tools


def tool(*arguments, expect=DONE, program="zknode"):
    binary = ZKNode.binary().with_name(program)
    done = subprocess.run(
        [str(binary), *map(str, arguments)], capture_output=True, text=True, timeout=60,
        check=False)
    assert done.returncode == expect, f"{done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def snapshot_now(server):
    return json.loads(tool("snapshot", "--data-dir", server.data_dir, "--json"))


def contents(directory):
    """Every file below, by its checksum: to see that nothing was changed."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*") if path.is_file()
    }


# Trees


def read_tree(server):
    """Every znode: data, all fields of the stat, access control list."""
    tree = {}
    with RawClient(server.host, server.port, SESSION_MS) as client:
        pending = ["/"]
        while pending:
            path = pending.pop()
            reply = client.get(path)
            if reply.err == Err.NO_NODE:
                continue
            assert reply.err == Err.OK, f"{path}: {reply.err}"
            data = reply.body.buffer()
            stat = vars(read_stat(reply.body))
            acl = client.call(Op.GET_ACL, Writer().string(path).bytes).body
            entries = [
                (acl.int(), acl.string(), acl.string()) for _ in range(acl.int())]
            tree[path] = (data, stat, entries)
            names = client.children(path).body
            prefix = "" if path == "/" else path
            pending += [f"{prefix}/{name}" for name in names.strings()]
    return tree


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for path, znode in expected.items():
        assert found[path] == znode, path


def populate(server):
    """Znodes of every kind. Returns a client whose session owns the ephemerals."""
    client = RawClient(server.host, server.port, SESSION_MS).connect()
    for number in range(50):
        client.create(f"/plain{number:03}", bytes([number]) * number)
    client.create("/parent", b"p")
    for _ in range(5):
        client.create("/parent/seq-", b"s", Flag.SEQUENTIAL)
    client.create("/guarded", b"g", acl=READABLE)
    client.create("/guarded/below", b"", acl=READABLE)
    client.create("/box", b"", Flag.CONTAINER)
    client.create("/box/inside", b"i")
    assert client.create_ttl("/mayfly", 3_600_000).err == Err.OK
    client.create("/mine", b"e", Flag.EPHEMERAL)
    client.create("/parent/mine-", b"", Flag.EPHEMERAL_SEQUENTIAL)
    client.multi([
        (Op.CREATE, create_body("/multi", b"m")), (Op.SET_DATA, set_body("/multi", b"n")),
        (Op.CREATE, create_body("/multi/child", b"")),
    ])
    for number in range(0, 50, 7):
        client.set(f"/plain{number:03}", b"changed")
        client.set(f"/plain{number:03}", b"changed again")
    for number in range(3, 50, 11):
        client.delete(f"/plain{number:03}")
    other = RawClient(server.host, server.port, SESSION_MS).connect()
    other.create("/gone", b"", Flag.EPHEMERAL)
    other.close()
    return client


def resume(client, server):
    """The same session at another server."""
    session = Session(client.session.id, client.session.password, client.session.last_zxid)
    return RawClient(server.host, server.port, SESSION_MS, session).connect()


# Backup and restore


class Load:
    """Creates znodes until it is stopped, and keeps the answers."""

    def __init__(self, server, top):
        self.client = RawClient(server.host, server.port, SESSION_MS).connect()
        self.top = top
        self.client.create(top)
        self.answered = []
        self.is_stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_stopping.is_set():
            for number in range(16):
                path = f"{self.top}/n{len(self.answered) + number:07}"
                self.client.send(Op.CREATE, create_body(path, b"x" * 200))
            for _ in range(16):
                reply = self.client.read_reply()
                assert reply.err == Err.OK
                self.answered.append(reply.zxid)

    def stop(self):
        self.is_stopping.set()
        self.thread.join(20)
        assert not self.thread.is_alive()
        self.client.close()


def test_backup_of_a_server_under_load_holds_every_write_up_to_its_zxid_and_none_after(
        new_server, tmp_path, eventually):
    server = new_server({"snapCount": 2000, "preAllocSize": 256, "txnLogSizeLimitInKb": 512})
    loads = [Load(server, f"/load{number}") for number in range(2)]
    eventually(lambda: all(len(load.answered) > 3000 for load in loads), 30)
    for number in range(3):
        before = [list(load.answered) for load in loads]
        asked = snapshot_now(server)
        assert int(asked["zxid"], 16) >= max(answers[-1] for answers in before)
        copy, target = tmp_path / f"copy{number}", tmp_path / f"new{number}"
        said = tool("backup", "--data-dir", server.data_dir, copy)
        zxid = int(said.split("up to zxid 0x")[1].split()[0], 16)
        assert zxid >= max(answers[-1] for answers in before)
        assert "is whole" in tool("backup", "--verify", copy)
        newest = copy / "zknode/snapshot" / said.split("/snapshot/")[1].split()[0]
        tool("restore", "--snapshot", newest, "--logs", copy, "--data-dir", target)
        restored = new_server({"dataDir": target})
        with RawClient(restored.host, restored.port, SESSION_MS) as client:
            for load in loads:
                names = client.children(load.top).body
                found = set(names.strings())
                sent = list(load.answered)
                expected = {f"n{at:07}" for at, answer in enumerate(sent) if answer <= zxid}
                assert found == expected
        restored.stop()
    for load in loads:
        load.stop()
    assert server.process.poll() is None


def test_backup_and_restore_give_the_identical_tree_with_its_sessions(new_server, tmp_path):
    server = new_server()
    owner = populate(server)
    expected = read_tree(server)
    snapshot_now(server)
    copy, target = tmp_path / "copy", tmp_path / "new"
    tool("backup", "--data-dir", server.data_dir, copy)
    said = tool(
        "restore", "--snapshot", *(copy / "zknode/snapshot").iterdir(), "--logs", copy,
        "--data-dir", target)
    assert f"znodes {len(expected) + 1}," in said
    restored = new_server({"dataDir": target})
    assert_same(read_tree(restored), expected)
    resumed = resume(owner, restored)
    assert resumed.set("/mine", b"still mine").err == Err.OK
    resumed.close()
    assert "/mine" not in read_tree(restored)
    owner.drop()


def test_a_backup_is_a_data_directory_that_a_server_starts_from(new_server, tmp_path):
    server = new_server()
    owner = populate(server)
    expected = read_tree(server)
    copy = tmp_path / "copy"
    tool("backup", "--data-dir", server.data_dir, copy)
    owner.drop()
    server.stop()
    assert_same(read_tree(new_server({"dataDir": copy})), expected)


def test_restore_goes_back_to_a_zxid_and_to_a_time(new_server, tmp_path):
    server = new_server()
    with RawClient(server.host, server.port, SESSION_MS) as client:
        client.create("/kept", b"before")
        at = read_stat(client.exists("/kept").body)
        # The next transaction has to have another millisecond.
        while time.time() * 1000 < at.ctime + 1:
            pass
        client.set("/kept", b"the mistake")
        client.create("/mistake")
    for number, point in enumerate([f"0x{at.czxid:x}", at.czxid, at.ctime]):
        target = tmp_path / f"new{number}"
        tool("restore", "--logs", server.data_dir, "--to", point, "--data-dir", target)
        restored = new_server({"dataDir": target})
        with RawClient(restored.host, restored.port, SESSION_MS) as client:
            assert client.get("/kept").body.buffer() == b"before"
            assert client.exists("/mistake").err == Err.NO_NODE
        restored.stop()


def test_a_restore_that_cannot_be_whole_is_refused_with_its_exit_code_and_writes_nothing(
        new_server, tmp_path):
    server = new_server()
    populate(server).close()
    zxid = int(snapshot_now(server)["zxid"], 16)
    server.stop()
    snapshot = server.snapshots[-1]
    target = tmp_path / "new"

    def refused(code, *words, arguments=(), snapshot=snapshot):
        said = tool(
            "restore", "--snapshot", snapshot, "--data-dir", target, *arguments, expect=code)
        assert all(word in said for word in words), said
        assert not target.exists()

    refused(UNREACHABLE, "lowest zxid", arguments=("--to", zxid - 1))
    refused(UNREACHABLE, "--logs", arguments=("--to", zxid + 1))
    refused(UNREACHABLE, "ends at", arguments=("--to", zxid + 999, "--logs", server.data_dir))
    refused(DIRECTORY, "no transaction log", arguments=("--logs", tmp_path))
    refused(DIRECTORY, "nowhere", snapshot=tmp_path / "nowhere/snapshot.1.lz4")
    refused(DIRECTORY, "not a snapshot by its name", snapshot=server.config_file)
    refused(USAGE, "--to is a zxid", arguments=("--to", "yesterday"))
    damaged = tmp_path / snapshot.name
    damaged.write_bytes(snapshot.read_bytes()[:-50])
    refused(DAMAGED, damaged.name, "damaged", snapshot=damaged)
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    said = tool("restore", "--snapshot", snapshot, "--data-dir", target, expect=DIRECTORY)
    assert "not empty" in said
    assert (target / "notes.txt").read_text() == "mine"


# Snapshots on demand


def test_a_snapshot_on_demand_is_on_the_disk_when_it_is_answered(new_server):
    server = new_server()
    client = populate(server)
    for number in range(3):
        client.create(f"/more{number}")
        answer = snapshot_now(server)
        assert int(answer["zxid"], 16) == client.session.last_zxid
        assert answer["file"] == str(server.snapshots[-1])
        subprocess.run(["lz4", "-t", "-q", answer["file"]], check=True)
    client.close()


def test_the_admin_socket_is_the_owners_alone_and_bounded(new_server):
    server = new_server()
    path = server.data_dir / "zknode/admin.sock"
    assert path.stat().st_mode & 0o777 == 0o600

    def ask(request):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(15)
            connection.connect(str(path))
            connection.sendall(request)
            answer = b""
            while piece := connection.recv(4096):
                answer += piece
        return answer

    status = json.loads(ask(b"status\n"))
    assert status["znodes"] == 5 and status["sessions"] == 0
    assert "unknown command" in json.loads(ask(b"shutdown\r\n"))["error"]
    assert "too long" in json.loads(ask(b"x" * 300))["error"]
    idle = []
    for _ in range(8):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(path))
        connection.sendall(b"stat")
        idle.append(connection)
    assert "too many" in json.loads(ask(b"status\n"))["error"]
    for connection in idle:
        connection.close()
    server.kill()
    assert path.exists()
    server.start()
    assert json.loads(ask(b"status\n"))["zxid"] == "0x0"
    server.stop()
    assert not path.exists()
    said = tool("snapshot", "--data-dir", server.data_dir, expect=DIRECTORY)
    assert "no server answers" in said


def test_a_data_directory_too_long_for_a_socket_is_served_without_one(
        new_server, tmp_path, eventually):
    server = new_server({"dataDir": tmp_path / ("d" * 120)})
    eventually(lambda: "no admin socket" in server.log_text(), what="the line")


# To and from Apache's files


@pytest.fixture
def apache(tmp_path):
    """Makes Apache servers; all are ended after the test."""
    if shutil.which("java") is None:
        pytest.skip("no java on this machine")
    servers = []

    def make(config=None):
        made = ApacheZooKeeper(tmp_path / f"apache{len(servers)}", config)
        servers.append(made)
        return made.start()

    yield make
    for made in servers:
        made.kill()


@pytest.mark.parametrize("is_live", [True, False])
def test_apache_starts_from_an_export_with_the_identical_tree(
        new_server, apache, tmp_path, is_live):
    server = new_server()
    owner = populate(server)
    expected = read_tree(server)
    if not is_live:
        server.kill()
    before = contents(server.data_dir)
    out = tmp_path / "out"
    said = tool(
        "export", "--format", "apache", server.data_dir, out, program="zkdump")
    assert f"znodes {len(expected) + 1}," in said
    # A server that runs makes files of its own meanwhile.
    assert is_live or contents(server.data_dir) == before
    other = apache({"dataDir": out})
    assert_same(read_tree(other), expected)
    resumed = resume(owner, other)
    assert resumed.set("/mine", b"still mine").err == Err.OK
    resumed.close()
    owner.drop()
    tool("export", server.data_dir, out, program="zkdump", expect=DIRECTORY)


def test_apache_starts_from_lz4_d_of_a_snapshot_with_the_identical_tree(
        new_server, apache, tmp_path):
    server = new_server()
    owner = populate(server)
    expected = read_tree(server)
    answer = snapshot_now(server)
    directory = tmp_path / "out/version-2"
    directory.mkdir(parents=True)
    plain = directory / f"snapshot.{answer['zxid'][2:]}"
    subprocess.run(["lz4", "-d", "-q", answer["file"], str(plain)], check=True)
    assert_same(read_tree(apache({"dataDir": tmp_path / "out"})), expected)
    owner.drop()


@pytest.mark.parametrize("method", ["", "gz", "snappy"])
def test_a_first_start_on_apaches_directory_gives_the_identical_tree(
        new_server, apache, tmp_path, eventually, method):
    other = apache({"snapshot.compression.method": method} if method else None)
    owner = populate(other)
    # Another start writes a snapshot in that form; what follows is in its log alone.
    other.restart()
    owner.reconnect()
    owner.create("/later", b"l", Flag.EPHEMERAL)
    owner.set("/multi", b"later")
    expected = read_tree(other)
    other.kill()
    if method:
        assert list((other.data_dir / "version-2").glob(f"snapshot.*.{method}"))
    before = contents(other.data_dir)
    server = new_server({"dataDir": other.data_dir})
    said = "imported Apache ZooKeeper's snapshot"
    eventually(lambda: said in server.log_text(), what="the line")
    assert_same(read_tree(server), expected)
    after = contents(other.data_dir)
    assert {path: sum for path, sum in after.items() if path.startswith("version-2")} == before
    resumed = resume(owner, server)
    assert resumed.set("/later", b"still mine").err == Err.OK
    resumed.close()
    owner.drop()
    target = tmp_path / "new"
    snapshots = sorted((other.data_dir / "version-2").glob("snapshot.*"))
    tool(
        "restore", "--snapshot", snapshots[-1], "--logs", other.data_dir / "version-2",
        "--data-dir", target)
    assert_same(read_tree(new_server({"dataDir": target})), expected)
