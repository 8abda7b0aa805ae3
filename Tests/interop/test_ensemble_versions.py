"""Members that speak something else: refused with a line that names both sides, and the remedy."""

import contextlib
import socket
import struct

import pytest
from support.ensemble_steps import OUTAGE_LIMIT_S
from support.jute import Writer
from support.member import FOLLOWER, LEADER, wait_until

pytestmark = pytest.mark.ours_only("what it says of them is its own affair")

FOLLOWERINFO = 11
GUIDE = "docs/operating/migrating-from-apache.md#versions"
CLIENT_HELLO = bytes.fromhex("1603010200010001fc03035a112233445566778899aabbccddeeff")
SASL = Writer().long(0x5F2435013501EDCC).int(0).buffer(b"token").bytes


def quorum_packet(kind, zxid, data):
    return Writer().int(kind).long(zxid).buffer(data).int(-1).bytes


def initial_message(version, server):
    return Writer().long(version).long(server).string("127.0.0.1:9").bytes


# Port, bytes of member N, and what the line has to have.
SAID = [
    ("quorum", lambda number: CLIENT_HELLO, ["TLS", "sslQuorum=false", "0x10000"]),
    ("quorum", lambda number: SASL, ["SASL", "quorum.auth.enableSasl=false", "0x10000"]),
    ("quorum", lambda number: quorum_packet(FOLLOWERINFO, 0, struct.pack(">qi", number, 0x10000)),
     ["server N", "3.4", "0x10000", "0x10001"]),
    ("quorum", lambda number: quorum_packet(FOLLOWERINFO, 0, struct.pack(">qiq", number, 1, 0)),
     ["server N", "version 0x1;", "0x10000", "0x10001"]),
    ("quorum", lambda number: quorum_packet(77, 0, b""), ["type 77", "0x10000", "0x10001"]),
    ("election", lambda number: CLIENT_HELLO, ["TLS", "sslQuorum=false", "-65536"]),
    ("election", lambda number: initial_message(-65534, number), ["-65534", "-65536", "-65535"]),
    ("election", lambda number: initial_message(-65536, number) + SASL,
     ["SASL", "quorum.auth.enableSasl=false"]),
    ("election", lambda number: struct.pack(">q", number), ["server N", "3.4", "-65536"]),
]


@pytest.mark.parametrize("port, words, expected", SAID)
def test_a_member_that_speaks_something_else_is_refused_and_the_log_says_why(
        ensemble, port, words, expected):
    leader = ensemble.leader()
    # Only a leader listens to learners; the connections for elections are made by higher ids.
    target = leader if port == "quorum" else ensemble[1]
    number = ensemble.others(target)[-1].number
    quorum, election = ensemble.network.peer_ports(target.number)
    begin = len(target.server.log_text())

    def lines():
        text = target.server.log_text()[begin:]
        return [line for line in text.splitlines() if GUIDE in line]

    with socket.create_connection(
            (target.server.host, quorum if port == "quorum" else election), timeout=10) as peer:
        peer.sendall(words(number))
        # It is shown out; what it was sent before that is of no interest here.
        with contextlib.suppress(ConnectionError):
            while peer.recv(4096):
                pass
    line = wait_until(lines, OUTAGE_LIMIT_S, lambda: target.server.log_tail())[0]
    assert "WARNING" in line
    for part in expected:
        assert part.replace(" N", f" {number}") in line, line
    assert leader.role() == LEADER
    assert all(it.role() == FOLLOWER for it in ensemble.others(leader))
