"""Ways to write an ensemble down: names, IPv6, ports in server lines, groups, a single member."""

import socket
from pathlib import Path

import pytest
from support.ensemble import FORMATION_LIMIT_S
from support.ensemble_steps import path_of_test, sync
from support.member import FOLLOWER, LEADER, wait_until
from support.network import NamespaceNetwork, ip
from support.ports import free_port
from support.trees import check_identical
from support.wire import Err

HOSTS = Path("/etc/netns")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def on_loopback(new_ensemble, host, rest="", config=None, **options):
    """An ensemble without anything between its members, whose lines have this host."""
    ensemble = new_ensemble(start=False, network="proxy", config=config, **options)
    for member in ensemble.members:
        for other in ensemble.members:
            quorum, election = ensemble.network.real[other.number]
            line = f"{host}:{quorum}:{election}:participant"
            member.server.config[f"server.{other.number}"] = line + rest.format(other.server.port)
    return ensemble


def check_that_it_works(ensemble, client_of):
    ensemble.start()
    path = path_of_test()
    assert client_of(ensemble.follower()).create(path, b"data").err == Err.OK
    for member in ensemble.members:
        client = client_of(member)
        sync(client)
        assert client.get(path).body.buffer() == b"data"
    leader = ensemble.leader()
    leader.kill()
    ensemble.wait_for_leader(ensemble.others(leader))
    ensemble.mend()
    check_identical(ensemble.members)


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")
def test_members_reach_each_other_by_ipv6(new_ensemble, client_of):
    check_that_it_works(on_loopback(new_ensemble, "[::1]"), client_of)


def test_members_are_named_listen_on_all_addresses_and_have_their_client_ports_in_the_lines(
        new_ensemble, client_of):
    ensemble = on_loopback(
        new_ensemble, "localhost", ";127.0.0.1:{}", config={"quorumListenOnAllIPs": "true"})
    for member in ensemble.members:
        del member.server.config["clientPort"], member.server.config["clientPortAddress"]
    check_that_it_works(ensemble, client_of)


def test_a_quorum_of_groups_is_a_majority_of_votes_in_a_majority_of_groups(
        new_ensemble, client_of):
    groups = {"group.1": "1:2", "group.2": "3", "group.3": "4", "weight.2": "0"}
    ensemble = new_ensemble(voters=4, config=groups)
    path = path_of_test()
    assert client_of(ensemble.follower()).create(path).err == Err.OK
    # Server 1 has its group's votes alone, and with server 3 that is two groups of three.
    ensemble[2].kill()
    ensemble[4].kill()
    leader = ensemble.wait_for_leader([ensemble[1], ensemble[3]])
    assert client_of(leader).set(path, b"by two of four").err == Err.OK
    # Two servers again, of which one has no vote.
    ensemble[2].start()
    ensemble.wait_for_role(ensemble[2], FOLLOWER)
    ensemble[1].kill()
    wait_until(
        lambda: ensemble[2].role() is None and ensemble[3].role() is None, FORMATION_LIMIT_S,
        "no quorum is left")
    ensemble.mend()
    assert ensemble.leader() is not ensemble[2]
    check_identical(ensemble.members)


def test_a_single_member_is_an_ensemble_if_it_is_not_to_be_standalone(new_server):
    quorum, election = free_port(), free_port()
    server = new_server(
        {"standaloneEnabled": "false", "initLimit": 10, "syncLimit": 5,
         "server.1": f"127.0.0.1:{quorum}:{election}"}, start=False)
    server.data_dir.mkdir(parents=True, exist_ok=True)
    (server.data_dir / "myid").write_text("1\n")
    server.launch()

    def mode():
        try:
            return server.ask("srvr")
        except OSError:
            return ""

    wait_until(lambda: "Mode: leader" in mode(), 30, lambda: f"{mode()}\n{server.log_tail()}")
    assert "quorum_size\t1" in server.ask("mntr")
    assert f"server.1=127.0.0.1:{quorum}:{election}:participant" in server.ask("conf")


@pytest.fixture
def named(new_ensemble):
    """An ensemble whose members know each other by names that each of them resolves by itself."""
    if not NamespaceNetwork.is_permitted():
        pytest.skip("it takes network namespaces to give a server another address")
    ensemble = new_ensemble(start=False, network="netns")
    addresses = {member.number: member.server.host for member in ensemble.members}
    files = [HOSTS / ensemble.network.namespace(number) / "hosts" for number in addresses]

    def write():
        text = "127.0.0.1 localhost\n"
        text += "".join(f"{address} zk{number}\n" for number, address in addresses.items())
        for file in files:
            # Written over: `ip netns exec` has shown the server this very file.
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    write()
    for member in ensemble.members:
        for number in addresses:
            member.server.config[f"server.{number}"] = f"zk{number}:2888:3888:participant"
        member.server.config["quorumListenOnAllIPs"] = "true"
    yield ensemble, addresses, write
    ensemble.kill_all()
    for file in files:
        file.unlink()
        file.parent.rmdir()


@pytest.mark.ours_only("its JVM remembers for half a minute what a name was resolved to")
@pytest.mark.parametrize("which", [LEADER, FOLLOWER])
def test_a_member_that_comes_back_under_another_address_is_found_by_its_name(
        named, client_of, which):
    ensemble, addresses, write = named
    ensemble.start()
    path = path_of_test()
    member = ensemble.leader() if which == LEADER else ensemble.follower()
    member.kill()
    rest = ensemble.others(member)
    assert client_of(ensemble.wait_for_leader(rest)).create(path).err == Err.OK
    namespace, old = ensemble.network.namespace(member.number), member.server.host
    new = f"{old.rpartition('.')[0]}.{member.number + 100}"
    ip("-n", namespace, "address", "delete", f"{old}/24", "dev", "eth0")
    ip("-n", namespace, "address", "add", f"{new}/24", "dev", "eth0")
    addresses[member.number] = member.server.host = new
    member.server.config["clientPortAddress"] = new
    write()
    member.start()
    ensemble.wait_for_role(member, FOLLOWER, LEADER)
    # Whoever leads next, it and the one with the new address are a quorum.
    rest[0].kill()
    ensemble.wait_for_leader([member, rest[1]])
    assert client_of(member).set(path, b"from there").err == Err.OK
