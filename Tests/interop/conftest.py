"""The fixtures: which server is tested, servers that tests share or own, and clients of them."""

import itertools
import logging
import shutil
import threading
import time

import pytest
from kazoo.client import KazooClient
from support.network import NETWORKS
from support.servers import SERVERS, ApacheZooKeeper, ZKNode
from support.wire import RawClient

logging.getLogger("kazoo").setLevel(logging.CRITICAL)
numbers = itertools.count()


def pytest_addoption(parser):
    parser.addoption(
        "--server", choices=sorted(SERVERS), default="zknode",
        help="what the tests run against; apache shows that a test asks for ZooKeeper's behaviour")
    parser.addoption(
        "--network", choices=NETWORKS, default="auto",
        help="between members of an ensemble: network namespaces, where permitted, or a proxy")


def pytest_configure(config):
    if config.getoption("--server") == "zknode" and not ZKNode.binary().exists():
        raise pytest.UsageError(
            f"{ZKNode.binary()} is not there: run tools/test.sh, or swift build -c release "
            "--product zknode, or name the binary in ZKNODE")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--server") != "apache":
        return
    for item in items:
        if marker := item.get_closest_marker("ours_only"):
            item.add_marker(pytest.mark.skip(reason=f"Apache differs: {marker.args[0]}"))


@pytest.fixture(scope="session")
def server_class(request):
    return SERVERS[request.config.getoption("--server")]


@pytest.fixture(scope="session")
def shared_server(server_class, tmp_path_factory):
    """One server for all tests that leave it as they found it."""
    server = server_class(tmp_path_factory.mktemp("shared")).start()
    yield server
    server.stop()


@pytest.fixture
def server(shared_server):
    """The shared server; a test that made it fall is the one that is told so."""
    yield shared_server
    alive = shared_server.process.poll() is None
    if not alive:
        log = shared_server.log_tail()
        shared_server.start()
        pytest.fail(f"the server ended during this test:\n{log}")


@pytest.fixture
def new_server(server_class, tmp_path):
    """Makes servers that belong to the test, by default started; all are ended after it."""
    servers = []

    def make(config=None, start=True, directory=None):
        made = server_class(directory or tmp_path / f"server{len(servers)}", config)
        servers.append(made)
        return made.start() if start else made

    yield make
    for made in servers:
        made.kill()


@pytest.fixture(scope="session")
def apache_reference(shared_server, tmp_path_factory):
    """Apache ZooKeeper beside the server under test, to compare answers with."""
    if shared_server.is_apache:
        yield shared_server
        return
    if shutil.which("java") is None:
        pytest.skip("no java on this machine")
    reference = ApacheZooKeeper(tmp_path_factory.mktemp("reference")).start()
    yield reference
    reference.stop()


@pytest.fixture
def root(server):
    """A znode for this test alone, and nothing else below it."""
    path = f"/test{next(numbers):04d}"
    with RawClient(server.host, server.port) as client:
        assert client.create(path).err == 0
    return path


@pytest.fixture
def raw(server):
    """Connects raw clients; `raw()` is one with a session, closed after the test."""
    clients = []

    def connect(timeout_ms=10_000, **options):
        client = RawClient(server.host, server.port, timeout_ms, **options).connect()
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def kazoo_of():
    """Connects kazoo clients to any server; all are stopped after the test."""
    clients = []

    def connect(server, chroot="", timeout=10.0, **options):
        client = KazooClient(hosts=server.address + chroot, timeout=timeout, **options)
        client.start(timeout=15)
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.stop()
        client.close()


@pytest.fixture
def zk(kazoo_of, server, root):
    """A kazoo client rooted at the test's own znode."""
    return kazoo_of(server, root)


@pytest.fixture
def another(kazoo_of, server, root):
    """Connects further kazoo clients at the same root."""
    return lambda **options: kazoo_of(server, root, **options)


@pytest.fixture
def eventually():
    """Waits for a condition of another process or thread; its last value is in the failure."""

    def wait(condition, limit_s=10.0, what="the condition"):
        deadline = time.monotonic() + limit_s
        while True:
            value = condition()
            if value:
                return value
            assert time.monotonic() < deadline, f"{what} did not hold in {limit_s} s: {value!r}"
            time.sleep(0.02)

    return wait


@pytest.fixture
def in_thread():
    """Runs a function in a thread; joining it raises what it raised."""
    started = []

    def run(function, *arguments):
        task = Task(function, arguments)
        started.append(task)
        return task

    yield run
    for task in started:
        task.thread.join(20)


class Task:
    def __init__(self, function, arguments):
        self.value, self.error = None, None
        self.thread = threading.Thread(target=self.run, args=(function, arguments), daemon=True)
        self.thread.start()

    def run(self, function, arguments):
        try:
            self.value = function(*arguments)
        except BaseException as error:
            self.error = error

    def result(self, limit_s=20):
        self.thread.join(limit_s)
        assert not self.thread.is_alive(), f"still running after {limit_s} s"
        if self.error is not None:
            raise self.error
        return self.value
