"""What the server does when it cannot start or cannot go on: an exit code and a useful sentence."""

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
from support import exit_codes
from support.servers import HOST
from support.wire import Disconnected, Err, RawClient

# A server that cannot start says so within this time.
REFUSAL_LIMIT_S = 10


def refusal(server):
    """The exit code of a server that should not start, and what it said."""
    server.log_file.unlink(missing_ok=True)
    server.launch()
    code = server.wait_for_exit(REFUSAL_LIMIT_S)
    return code, server.log_text()


ours_only = pytest.mark.ours_only


@pytest.mark.parametrize("key, value, allowed", [
    ("tickTime", "abc", "1 to"), ("tickTime", "-5", "1 to"), ("clientPort", "70000", "65535"),
    ("maxClientCnxns", "many", "0 to"), ("snapCount", "1.5", "0 to"),
    ("forceSync", "maybe", "yes or no"),
])
@ours_only("its messages do not name the range")
def test_a_bad_value_is_refused_with_key_value_and_what_is_allowed(
        new_server, key, value, allowed):
    server = new_server({key: value}, start=False)
    code, said = refusal(server)
    assert code == exit_codes.BAD_CONFIGURATION
    assert str(server.config_file.name) in said
    assert key in said
    assert value in said
    assert allowed in said


@ours_only("it stops at the first")
def test_all_errors_of_a_configuration_are_reported_at_once(new_server):
    code, said = refusal(new_server({"tickTime": "x", "clientPort": "y"}, start=False))
    assert code == exit_codes.BAD_CONFIGURATION
    assert "tickTime" in said and "clientPort" in said


@ours_only("it takes the key for a Java property")
def test_an_unknown_key_is_a_warning_with_its_line_and_the_server_starts(new_server, eventually):
    server = new_server({"tickTme": "100"})
    line = 1 + [*server.config].index("tickTme")
    remark = rf"zoo\.cfg:{line}: .*tickTme: .*tickTime"
    eventually(lambda: re.search(remark, server.log_text()), what="the line")


@ours_only("its message is a stack trace")
def test_a_configuration_file_that_is_not_there_is_refused_by_name(server_class, tmp_path):
    done = subprocess.run(
        [server_class.binary(), "serve", str(tmp_path / "absent.cfg")], capture_output=True,
        text=True, timeout=REFUSAL_LIMIT_S, check=False)
    assert done.returncode == exit_codes.BAD_CONFIGURATION
    assert "absent.cfg" in done.stdout + done.stderr


@ours_only("both servers run, on the same files")
def test_a_second_server_on_one_data_directory_is_refused(new_server):
    first = new_server()
    second = new_server({"dataDir": first.data_dir}, start=False)
    code, said = refusal(second)
    assert code == exit_codes.DATA_DIRECTORY
    assert str(first.data_dir) in said
    with RawClient(first.host, first.port) as client:
        assert client.create("/still-serving").err == Err.OK


@ours_only("its exit code is 1, and nothing names the port")
def test_a_port_in_use_is_named(new_server):
    server = new_server(start=False)
    with socket.socket() as occupant:
        occupant.bind((HOST, server.port))
        occupant.listen()
        code, said = refusal(server)
    assert code == exit_codes.PORT
    assert str(server.port) in said
    server.start()


@ours_only("it does not name the path")
def test_a_data_directory_that_is_a_file_is_named(new_server, tmp_path):
    occupied = tmp_path / "occupied"
    occupied.write_text("not a directory")
    code, said = refusal(new_server({"dataDir": occupied}, start=False))
    assert code == exit_codes.DATA_DIRECTORY
    assert str(occupied) in said


def test_sigterm_and_sigint_stop_the_server_within_seconds(new_server):
    server = new_server()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        begun = time.monotonic()
        code = server.end(signal_number)
        assert time.monotonic() - begun < 5
        if not server.is_apache:
            assert code == exit_codes.STOPPED
        server.start()


@pytest.mark.parametrize("argument", ["--nope", "--client-port=70000", "--log-level=loud"])
@ours_only("its command line is another")
def test_a_command_line_that_cannot_be_used_is_said_so(new_server, argument):
    program = new_server(start=False).command()[0]
    ended = subprocess.run([program, "serve", argument], capture_output=True, text=True)
    assert ended.returncode == exit_codes.BAD_CONFIGURATION
    assert argument.split("=")[0] in ended.stderr


@ours_only("it has no such promise")
def test_a_signal_at_any_moment_of_the_start_is_not_lost(new_server):
    server = new_server(start=False)
    for delay_ms in range(0, 100, 5):
        server.launch()
        time.sleep(delay_ms / 1000)
        server.process.terminate()
        # Before the process has seen to its signals the system's default ends it.
        assert server.wait_for_exit(REFUSAL_LIMIT_S) in (exit_codes.STOPPED, -signal.SIGTERM)


@ours_only("it names neither file nor offset")
def test_a_flipped_byte_in_the_log_is_refused_with_file_and_offset_until_it_is_mended(new_server):
    server = new_server()
    marker = bytes(range(200, 250)) * 2
    with RawClient(server.host, server.port) as client:
        client.create("/marked", marker)
        for number in range(50):
            client.create(f"/after{number}")
    server.kill()
    segment, at = find(server.segments, marker)
    flip(segment, at + 10)
    for _ in range(2):
        code, said = refusal(server)
        assert code == exit_codes.DAMAGED_DATA
        assert segment.name in said
        offset = int(re.search(r"offset (\d+)", said)[1])
        assert at - 4096 < offset <= at + 10, f"says {offset}; the byte is at {at + 10}"
    flip(segment, at + 10)
    server.start()
    with RawClient(server.host, server.port) as client:
        assert client.get("/marked").body.buffer() == marker
        assert client.exists("/after49").err == Err.OK


def find(segments, marker):
    for segment in segments:
        at = segment.read_bytes().find(marker)
        if at >= 0:
            return segment, at
    raise AssertionError(f"the written value is in none of {segments}")


def flip(path, offset):
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))


@ours_only("it starts without the records that are missing")
def test_a_missing_log_file_in_the_middle_is_refused(new_server):
    server = new_server({"snapCount": 100_000, "txnLogSizeLimitInKb": 256, "preAllocSize": 256})
    with RawClient(server.host, server.port) as client:
        client.create("/a")
        for _ in range(200):
            assert client.set("/a", b"x" * 10_000).err == Err.OK
    server.kill()
    segments = server.segments
    assert len(segments) > 3, f"only {segments}"
    kept = segments[1].rename(segments[1].with_suffix(".away"))
    code, said = refusal(server)
    assert code == exit_codes.DAMAGED_DATA
    assert "missing" in said
    kept.rename(segments[1])
    server.start()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 MiB of its own; needs the right to mount."""
    directory = tmp_path / "disk"
    directory.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(directory)], capture_output=True,
        text=True, check=False) if shutil.which("mount") else None
    if done is None or done.returncode != 0:
        pytest.skip("no right to mount a small file system: run as root")
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


@ours_only("it goes on, or leaves a log that it cannot read again (ZOOKEEPER-1621)")
def test_a_full_disk_ends_the_server_and_nothing_that_was_answered_is_lost(new_server, small_disk):
    server = new_server(
        {"dataDir": small_disk / "data", "preAllocSize": 1024, "txnLogSizeLimitInKb": 4096,
         "snapCount": 100_000})
    client = RawClient(server.host, server.port, 20_000).connect()
    client.create("/a")
    ballast = small_disk / "ballast"
    fill(ballast, leave_bytes=6 << 20, of=small_disk)
    answered = 0
    with contextlib.suppress(Disconnected, OSError):
        for number in range(1, 5_000):
            if client.set("/a", b"%05d" % number + b"x" * 100_000).err == Err.OK:
                answered = number
    client.drop()
    assert server.wait_for_exit(20) == exit_codes.STORAGE_FAILED
    assert re.search(r"no space left|disk is full", server.log_text(), re.IGNORECASE)
    assert answered > 0
    ballast.unlink()
    server.start()
    with RawClient(server.host, server.port) as client:
        kept = int(client.get("/a").body.buffer()[:5])
        assert kept in (answered, answered + 1)
        assert client.set("/a", b"again").err == Err.OK


def fill(ballast, leave_bytes, of):
    free = shutil.disk_usage(of).free
    with ballast.open("wb") as file:
        for _ in range(max(0, free - leave_bytes) >> 20):
            file.write(bytes(1 << 20))


@ours_only("it has no command line of its own")
def test_the_server_prints_where_it_listens(new_server, eventually):
    server = new_server()
    place = rf"{re.escape(server.host)}:{server.port}"
    eventually(lambda: re.search(place, server.log_text()), what="the line")
