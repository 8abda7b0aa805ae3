"""Fixtures of the ensemble tests: ensembles, loads on them, and clients of single members."""

import itertools

import pytest
from kazoo.client import KazooClient

from .ensemble import Ensemble
from .ensemble_steps import wait_for_progress
from .load import Load
from .member import wait_until
from .wire import Disconnected, RawClient, Session

load_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def holder(server_class, tmp_path_factory, request):
    """Has the ensemble that tests share, and makes another when a test has spoilt it."""
    made = []

    def get():
        if made:
            try:
                made[-1].mend()
                return made[-1]
            except (AssertionError, RuntimeError):
                made[-1].close()
        made.append(Ensemble(
            server_class, tmp_path_factory.mktemp("ensemble"),
            network=request.config.getoption("--network")).start())
        return made[-1]

    yield get
    if made:
        made[-1].close()


@pytest.fixture
def ensemble(holder):
    return holder()


@pytest.fixture
def new_ensemble(server_class, tmp_path, request):
    """Makes ensembles that belong to the test."""
    made = []

    def make(start=True, **options):
        options.setdefault("network", request.config.getoption("--network"))
        made.append(Ensemble(server_class, tmp_path / f"ensemble{len(made)}", **options))
        return made[-1].start() if start else made[-1]

    yield make
    for ensemble in made:
        ensemble.close()


@pytest.fixture
def loaded():
    """Starts a load on an ensemble; the test ends with `audit`."""
    loads = []

    def start(ensemble, **options):
        loads.append(Load(ensemble, f"/load{next(load_numbers)}", **options).start())
        wait_for_progress(loads[-1])
        return loads[-1]

    yield start
    for load in loads:
        load.abandon()


@pytest.fixture
def client_of():
    """Raw clients of single members, dropped after the test."""
    clients = []

    def connect(member, timeout_ms=10_000, session=None, patience_s=10.0, read_only=False):
        client = RawClient(
            member.server.host, member.server.port, timeout_ms, session or Session(),
            read_only, patience_s=patience_s)
        clients.append(client)
        wait_until(lambda: connects(client), 10, f"a session at {member}")
        return client

    yield connect
    for client in clients:
        client.drop()


def connects(client):
    """A server that is behind what the client has seen, or has no leader, closes the connection."""
    try:
        return client.connect()
    except Disconnected:
        client.drop()
        return None


@pytest.fixture
def kazoo_at():
    """Kazoo clients that know all members of an ensemble, one of them first."""
    clients = []

    def connect(ensemble, first=None, timeout=10.0, **options):
        members = sorted(ensemble.members, key=lambda member: member is not first)
        hosts = ",".join(member.address for member in members)
        client = KazooClient(hosts=hosts, timeout=timeout, randomize_hosts=False, **options)
        clients.append(client)
        client.start(timeout=15)
        return client

    yield connect
    for client in clients:
        client.stop()
        client.close()


@pytest.fixture
def kazoo(ensemble, kazoo_at):
    """The same of the ensemble that tests share."""
    return lambda **options: kazoo_at(ensemble, **options)
