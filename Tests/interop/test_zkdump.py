"""zkdump as scripts and people meet it: the binary, its output, its exit codes, and what it leaves
alone. What each subcommand says of each kind of file is in Tests/InspectionTests."""

import hashlib
import json
import os
import pty
import re
import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path

import pytest
from support.servers import REPOSITORY, ZKNode
from support.wire import RawClient

pytestmark = pytest.mark.ours_only("it has no such tools")

SAME, DIFFERENT, TORN, DAMAGED, UNUSABLE, USAGE = 0, 1, 1, 2, 3, 64
TESTS = REPOSITORY / "Tests"
GOLDEN = TESTS / "InspectionTests/Golden"
APACHE = TESTS / "RecoveryTests/Fixtures/apache-3.8.0/version-2"
NOBODY = 65534


def run(*arguments, program="zkdump", **options):
    binary = ZKNode.binary().with_name(program)
    return subprocess.run(
        [str(binary), *map(str, arguments)], capture_output=True, text=True, timeout=60,
        check=False, **options)


def dump(*arguments, expect=SAME, **options):
    done = run(*arguments, **options)
    assert done.returncode == expect, f"{done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def objects(*arguments, **options):
    return [json.loads(line) for line in dump(*arguments, "--json", **options).splitlines()]


def state(directory):
    """Everything that a write would change."""
    return {
        str(path.relative_to(directory)): (
            path.stat().st_mtime_ns, path.stat().st_size,
            path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest())
        for path in [directory, *directory.rglob("*")]
    }


@pytest.fixture
def apache(tmp_path):
    """Apache's files under the name that the golden outputs have."""
    shutil.copytree(APACHE, tmp_path / "apache/version-2")
    return tmp_path / "apache"


@pytest.fixture
def ours(new_server):
    """A directory with a snapshot, a log that goes on behind it, and ephemerals; and its client's
    session."""
    server = new_server()
    client = RawClient(server.host, server.port, 30_000).connect()
    client.create("/app", b"one")
    client.create("/app/lock", b"", 1)
    done = run("snapshot", "--data-dir", server.data_dir, program="zknode")
    assert done.returncode == 0, done.stderr
    client.set("/app", b"two")
    client.create("/later", b"x" * 100)
    client.drop()
    server.kill()
    return server, f"0x{client.session.id & (1 << 64) - 1:x}"


@pytest.mark.parametrize(("program", "subcommand"), [
    *[("zkdump", name) for name in
      ["log", "snapshot", "tree", "verify", "diff", "du", "export"]],
    *[("zknode", name) for name in ["snapshot", "backup", "restore"]],
])
def test_every_subcommand_has_help_with_an_example_and_its_exit_codes(program, subcommand):
    done = run(subcommand, "--help", program=program)
    assert done.returncode == 0
    assert f"Example: {program} {subcommand}" in done.stdout
    assert "Exit status:" in done.stdout or "Exit codes:" in done.stdout


@pytest.mark.parametrize(("name", "arguments"), [
    ("log-apache", ["log", "apache"]), ("verify-apache", ["verify", "apache"]),
    ("du", ["du", "apache/version-2/snapshot.21", "--depth", "2"]),
])
def test_the_golden_outputs_are_the_binarys_own(apache, name, arguments):
    assert dump(*arguments, cwd=apache.parent) == (GOLDEN / f"{name}.txt").read_text()
    assert dump(*arguments, "--json", cwd=apache.parent) == (GOLDEN / f"{name}.jsonl").read_text()


def test_an_export_says_what_it_wrote(apache):
    arguments = ["export", "--format", "apache", "apache"]
    text = dump(*arguments, "out", cwd=apache.parent)
    assert text == "exported out/version-2/snapshot.27\nzxid 0x27\nznodes 32, sessions 1\n"
    [found] = objects(*arguments, "again", cwd=apache.parent)
    size = (apache.parent / "again/version-2/snapshot.27").stat().st_size
    assert found == {
        "type": "export", "snapshot": "again/version-2/snapshot.27", "zxid": "0x27",
        "znodes": 32, "sessions": 1, "bytes": size, "notes": []}


def test_the_filters_bound_what_is_listed(ours, apache):
    server, session = ours
    directory = server.data_dir
    everything = objects("log", directory)
    zxids = [int(txn["zxid"], 16) for txn in everything]
    assert zxids == list(range(1, len(zxids) + 1))
    part = objects("log", directory, "--from", "0x2", "--to", "3")
    assert [txn["zxid"] for txn in part] == ["0x2", "0x3"]
    assert {txn["path"] for txn in objects("log", directory, "--path", "/app")} == {
        "/app", "/app/lock"}
    assert all(txn["session"] == session for txn in everything)
    assert objects("log", directory, "--session", "0x1") == []
    for files in (["tree", directory], ["snapshot", server.snapshots[-1]]):
        nodes = objects(*files, "--nodes", "--session", session)
        assert [node["path"] for node in nodes] == ["/app/lock"]
        assert {node["path"] for node in objects(*files, "--nodes", "--path", "/app")} == {
            "/app", "/app/lock"}
    later = objects("tree", directory, "--nodes", "--from", part[-1]["zxid"])
    assert {"/app", "/later"} <= {node["path"] for node in later}
    change = objects(
        "diff", server.snapshots[-1], directory, "--path", "/app", expect=DIFFERENT)
    assert [entry["path"] for entry in change] == ["/app"]
    usage = objects("du", directory, "--path", "/app", "--depth", "1")
    assert [row["path"] for row in usage] == ["/app", "/app/lock"]
    theirs = objects("log", apache, "--from", "0x21", "--to", "0x23")
    assert [txn["zxid"] for txn in theirs] == ["0x21", "0x22", "0x23"]
    assert [Path(txn["file"]).name for txn in theirs] == ["log.1", "log.22", "log.22"]


def test_nothing_is_changed_and_a_read_only_directory_is_enough(ours, apache):
    server, _ = ours
    plain = apache / "version-2/snapshot.21"
    for directory, snapshot in ((server.data_dir, server.snapshots[-1]), (apache, plain)):
        for path in [directory, *directory.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        before = state(directory)
        for extra in ([], ["--json"]):
            dump("log", directory, *extra)
            dump("snapshot", snapshot, *extra)
            dump("snapshot", snapshot, "--nodes", *extra)
            dump("tree", directory, *extra)
            dump("tree", directory, "--nodes", *extra)
            dump("verify", directory, *extra)
            dump("diff", snapshot, directory, *extra, expect=DIFFERENT)
            dump("du", directory, *extra)
        out = directory.parent / f"{directory.name}-out"
        dump("export", directory, out)
        assert state(directory) == before
        for path in [directory, *directory.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


# Files that cannot be read as they are


def future_segment(path):
    content = bytearray(path.read_bytes())
    content[8] = 9
    content[4092:4096] = zlib.crc32(bytes(content[:4092])).to_bytes(4, "little")
    path.write_bytes(content)


def refused(*arguments, words, code=UNUSABLE):
    done = run(*arguments)
    assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
    assert done.stdout == ""
    assert all(word in done.stderr for word in words), done.stderr


def test_what_is_no_file_of_ours_is_refused_with_its_name_and_what_to_do(ours, apache, tmp_path):
    server, _ = ours
    empty, foreign = tmp_path / "empty", tmp_path / "foreign"
    empty.write_bytes(b"")
    foreign.write_text("this is a letter to somebody else")
    (tmp_path / "nothing").mkdir()
    for command in ("log", "snapshot", "du"):
        refused(command, empty, words=[str(empty), "0 bytes", "from a backup"])
        refused(command, foreign, words=[str(foreign), "at offset 0", "Check the path"])
        refused(command, tmp_path / "none", words=["no such file", "Check the path"])
    for command in ("log", "tree", "verify", "du"):
        refused(command, tmp_path / "nothing", words=["is not", "dataDir"])
    refused("diff", foreign, server.data_dir, words=[str(foreign), "at offset 0"])
    refused("diff", server.data_dir, foreign, words=[str(foreign), "at offset 0"])
    refused("tree", foreign, words=[str(foreign)])
    refused("verify", foreign, words=[str(foreign), "zkdump log"])
    refused("snapshot", server.segments[0], words=["at offset 0", "zkdump log"])
    refused("log", server.snapshots[0], words=["at offset 0", "zkdump snapshot"])
    refused("log", server.data_dir, "--log-dir", tmp_path / "none", words=["no such file"])
    refused("log", words=["Missing expected argument"], code=USAGE)
    refused("log", server.data_dir, "--from", "later", words=["--from"], code=USAGE)
    refused("tree", server.data_dir, "--path", "/app", words=["--nodes"], code=USAGE)

    plain = apache / "version-2/snapshot.21"
    content = bytearray(plain.read_bytes())
    content[7] = 3
    plain.write_bytes(content)
    refused("snapshot", plain, words=[str(plain), "version 3 at offset 4", "that wrote it"])
    future_segment(server.segments[0])
    for command, path in (("log", server.segments[0]), ("log", server.data_dir),
                          ("verify", server.data_dir), ("tree", server.data_dir)):
        refused(command, path, words=[str(server.segments[0]), "version 9", "that wrote it"])


def test_what_ends_too_early_is_read_as_far_as_it_goes(ours, apache):
    server, _ = ours
    segment, snapshot = server.segments[0], server.snapshots[-1]
    whole = snapshot.read_bytes()
    snapshot.write_bytes(whole[:-30])
    text = dump("snapshot", snapshot, expect=DAMAGED)
    assert str(snapshot) in text and "at byte" in text and "corrupt-snapshot" in text
    assert "DAMAGED" in dump("verify", server.data_dir, expect=DAMAGED)
    snapshot.write_bytes(whole)
    used = segment.read_bytes().rstrip(b"\0")
    segment.write_bytes(used[:-5])
    text = dump("log", segment, expect=DAMAGED)
    assert f"{segment} at offset" in text or f"in {segment}" in text
    assert "0x1 " in text
    log = apache / "version-2/log.22"
    log.write_bytes(log.read_bytes().rstrip(b"\0")[:-3])
    text = dump("log", apache, expect=TORN)
    assert f"{log} at offset" in text and "never acknowledged" in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_without_permission_the_file_is_named_and_whose_it_has_to_be():
    with tempfile.TemporaryDirectory(prefix="zkdump-") as root:
        directory = Path(root)
        directory.chmod(0o755)
        binary = shutil.copy(ZKNode.binary().with_name("zkdump"), directory)
        shutil.copytree(APACHE, directory / "apache/version-2")
        closed = directory / "apache/version-2/snapshot.21"

        def refuse(*arguments):
            done = subprocess.run(
                [binary, *map(str, arguments)], user=NOBODY, group=NOBODY, extra_groups=[],
                capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == UNUSABLE, done.stdout + done.stderr
            assert "permission denied. Run as the user" in done.stderr
            return done.stderr

        closed.chmod(0)
        assert str(closed) in refuse("snapshot", closed)
        (directory / "apache/version-2/log.1").chmod(0)
        assert "log.1" in refuse("log", directory / "apache")
        (directory / "apache").chmod(0)
        for command in ("tree", "verify", "log", "du"):
            assert str(directory / "apache") in refuse(command, directory / "apache")


# Terminals


def on_a_terminal(*arguments, environment=None):
    """What appears where both outputs are a terminal, but for the progress of a slow disk."""
    binary = ZKNode.binary().with_name("zkdump")
    near, far = pty.openpty()
    with subprocess.Popen(
            [str(binary), *map(str, arguments)], stdout=far, stderr=far, stdin=far,
            env={**os.environ, **(environment or {})}) as process:
        os.close(far)
        text = b""
        try:
            while piece := os.read(near, 4096):
                text += piece
        except OSError:
            pass  # The far side has been closed.
        process.wait(30)
    os.close(near)
    return re.sub(r"\r\x1b\[K(\S+: \d+% of [\d.]+ \w+)?", "", text.decode()).replace("\r", "")


def test_colour_is_for_terminals_and_can_be_turned_off(ours):
    server, _ = ours
    coloured = on_a_terminal("verify", server.data_dir)
    assert "\x1b[32mok" in coloured
    plain = dump("verify", server.data_dir)
    assert "\x1b" not in plain
    assert on_a_terminal("verify", server.data_dir, environment={"NO_COLOR": "1"}) == plain
    assert "\x1b" not in on_a_terminal("verify", server.data_dir, "--color", "never")
    assert "\x1b" not in on_a_terminal("verify", server.data_dir, "--json")
    assert "\x1b" in dump("verify", server.data_dir, "--color", "always")


# A log with a directory of its own


def test_a_server_with_a_data_log_dir_is_looked_into_backed_up_and_restored(
        new_server, tmp_path):
    server = new_server({"dataLogDir": tmp_path / "fast"})
    with RawClient(server.host, server.port, 30_000) as client:
        client.create("/app", b"one")
        assert run(
            "snapshot", "--data-dir", server.data_dir, program="zknode").returncode == 0
        client.create("/later", b"x" * 100)
    server.stop()
    apart = [server.data_dir, "--log-dir", tmp_path / "fast"]
    for command in ("verify", "tree", "log", "du"):
        dump(command, *apart)
    assert "/later" in dump("tree", *apart, "--nodes")
    assert "+ /later" in dump("diff", server.snapshots[0], *apart, expect=DIFFERENT)
    refused("log", server.data_dir, words=["give it as --log-dir"])
    assert "give it as --log-dir" in dump("verify", server.data_dir, expect=DAMAGED)

    new, log = tmp_path / "new", tmp_path / "newlog"
    arguments = [
        "restore", "--snapshot", server.snapshots[0], "--logs", tmp_path / "fast",
        "--data-dir", new, "--data-log-dir"]
    done = run(*arguments, tmp_path / "fast", program="zknode")
    assert done.returncode == 3 and "fast is not empty" in done.stderr
    assert not new.exists()
    done = run(*arguments, log, program="zknode")
    assert done.returncode == 0, done.stderr
    assert f"with dataLogDir {log}" in done.stdout
    restored = new_server({"dataDir": new, "dataLogDir": log})
    with RawClient(restored.host, restored.port, 30_000) as client:
        assert client.get("/later").err == 0
        client.create("/more")
    restored.stop()
    dump("verify", new, "--log-dir", log)
    assert list(log.glob("zknode/log/*.log"))
