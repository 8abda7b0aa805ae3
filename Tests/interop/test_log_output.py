"""The server's log on standard error: complete, and never in the way of clients."""

import contextlib
import signal
import socket
import subprocess
import threading
import time

import pytest
from support import exit_codes
from support.wire import Err, RawClient

# A pipe holds 64 KiB, the line for a refused request has some hundred bytes.
LINES = 1500
# While nobody reads the log a client has its answer within this all the same.
ANSWER_LIMIT_S = 2.0

pytestmark = pytest.mark.ours_only("its log goes through its own library")


@pytest.fixture
def unread(new_server, eventually):
    """A server whose standard error is a pipe that nobody reads until the test does."""
    server = new_server(start=False)
    server.write_config()
    server.process = subprocess.Popen(
        server.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, cwd=server.directory)
    pipe = server.process.stderr
    eventually(server.is_serving, 30, "serving")
    yield server
    pipe.close()


def provoke(server, count):
    """Each of these connections is refused with a line in the log."""
    for _ in range(count):
        with socket.create_connection((server.host, server.port), timeout=5) as offender:
            offender.sendall(b"\xff\xff\xff\xff")
            with contextlib.suppress(ConnectionResetError):
                assert offender.recv(1) == b""


def test_a_log_that_nobody_reads_keeps_no_client_waiting_and_comes_out_whole(unread, eventually):
    with RawClient(unread.host, unread.port, patience_s=ANSWER_LIMIT_S) as client:
        client.create("/a")
        for _ in range(10):
            provoke(unread, LINES // 10)
            assert client.set("/a", b"x").err == Err.OK
        # Two seconds of the session's are gone many times if the loop had stood.
        assert client.exists("/a").err == Err.OK
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(unread.process.stderr), daemon=True)
    reader.start()
    eventually(lambda: sum(b"a request of" in line for line in lines) == LINES, 10, "all lines")
    assert unread.stop() == exit_codes.STOPPED
    reader.join(5)
    assert lines[-1].endswith(b"INFO stopped\n")


def test_a_log_that_nobody_reads_does_not_keep_the_server_from_ending(unread):
    provoke(unread, LINES)
    begun = time.monotonic()
    assert unread.end(signal.SIGTERM) == exit_codes.STOPPED
    assert time.monotonic() - begun < 8


def test_a_start_without_data_is_refused_if_the_file_says_so(new_server):
    server = new_server({"db.autocreate": "false"}, start=False)
    server.launch()
    assert server.wait_for_exit(10) == exit_codes.DATA_DIRECTORY
    assert "db.autocreate" in server.log_text()
    (server.data_dir / "initialize").touch()
    server.start()
    assert not (server.data_dir / "initialize").exists()
    server.restart()
