"""What no member of an ensemble sends, for the quorum and election ports."""

import random
import socket
import struct

from .jute import Writer

FOLLOWER_INFO, OBSERVER_INFO, ACK_EPOCH = 11, 16, 18
LENGTHS = [-1, 0, 1, 7, 2**31 - 1, -(2**31), 5_000_000, 64 * 1024]


def frame_of(packet_type, zxid, data):
    """A packet of the quorum port; that port has no lengths in front."""
    return Writer().int(packet_type).long(zxid).buffer(data).int(-1).bytes


def learner_info(server, protocol=0x10000, version=0):
    return Writer().long(server).int(protocol).long(version).bytes


def first_message(server, address=b"127.0.0.1:1", protocol=-65536):
    return struct.pack(">qqi", protocol, server, len(address)) + address


def notification(choose, leader, epoch):
    """A vote for `leader`, of a round and epoch far ahead."""
    body = struct.pack(">iqqqqi", 0, leader, epoch << 32, 1000, epoch, 2)
    body += struct.pack(">i", 0)
    return struct.pack(">i", len(body)) + body


def cases(seed):
    """Bytes for one connection each, to either port: without end."""
    choose = random.Random(seed)
    stranger = 77
    while True:
        yield b""
        yield choose.randbytes(choose.randrange(1, 3000))
        yield struct.pack(">i", choose.choice(LENGTHS)) + choose.randbytes(100)
        # As if it were a member that repairs itself (docs/formats/repair.md).
        repair = struct.pack(">q", -0x5A4B4E4F44525052)
        hello = struct.pack(">ibiq", 13, 0, 1, choose.choice([1, 2, stranger]))
        yield repair + choose.randbytes(choose.randrange(100))
        yield repair + hello + struct.pack(">i", choose.choice(LENGTHS)) + choose.randbytes(50)
        yield repair + hello + struct.pack(">ibqq", 17, 2, 0, 2**62) * choose.randrange(1, 4)
        yield first_message(choose.choice([stranger, -1, 0, 2**62, -(2**63)]))
        yield first_message(stranger, b"x" * 400)
        yield struct.pack(">qqi", -65536, stranger, choose.choice(LENGTHS))
        yield first_message(stranger) + notification(choose, stranger, 500)
        yield frame_of(FOLLOWER_INFO, 900 << 32, learner_info(stranger))
        yield frame_of(FOLLOWER_INFO, 900 << 32, learner_info(stranger)) + frame_of(
            ACK_EPOCH, 900 << 32, struct.pack(">i", 900))
        yield frame_of(OBSERVER_INFO, 900 << 32, learner_info(-1))
        yield frame_of(choose.randrange(0, 40), 1, choose.randbytes(20))
        yield struct.pack(">iqi", FOLLOWER_INFO, 0, choose.choice(LENGTHS))
        yield frame_of(FOLLOWER_INFO, 0, learner_info(stranger))[: choose.randrange(1, 30)]


class HostilePeers:
    """Opens connections to the members' ports for members; some stay, silent, until the end."""

    def __init__(self, targets, seed=1):
        self.targets = targets
        self.cases = cases(seed)
        self.choose = random.Random(seed)
        self.open = []
        self.sent = 0

    def attack(self, connections):
        for _ in range(connections):
            target = self.choose.choice(self.targets)
            try:
                connection = socket.create_connection(target, timeout=1)
                connection.sendall(next(self.cases))
            except OSError:
                continue
            self.sent += 1
            if self.choose.random() < 0.3:
                self.open.append(connection)
            else:
                connection.close()

    def close(self):
        for connection in self.open:
            connection.close()
        self.open.clear()
