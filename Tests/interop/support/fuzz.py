"""Input that no client sends: seeded, so that a failure can be repeated."""

import random
import struct

from .jute import Writer
from .wire import (
    OPEN_ACL, Flag, Op, Session, connect_request, create_body, frame, multi_body, path_version_body,
    path_watch_body, request, set_body, watches_body)

HOSTILE_LENGTHS = [-1, -2, -(2**31), 2**31 - 1, 2**30, 0, 1, 3, 1_048_576, 1_048_575, 5_000_000]


def valid_requests(path):
    """One well-formed request of every shape, to be bent by the fuzzer."""
    bodies = [
        (Op.CREATE, create_body(path, b"data", Flag.PERSISTENT, OPEN_ACL)),
        (Op.CREATE2, create_body(path, b"data", Flag.SEQUENTIAL)),
        (Op.CREATE_CONTAINER, create_body(path, b"", Flag.CONTAINER)),
        (Op.CREATE_TTL, Writer().raw(create_body(path, b"", Flag.TTL)).long(1000).bytes),
        (Op.DELETE, path_version_body(path, 3)),
        (Op.EXISTS, path_watch_body(path, True)),
        (Op.GET_DATA, path_watch_body(path, True)),
        (Op.SET_DATA, set_body(path, b"x" * 100, 2)),
        (Op.GET_ACL, Writer().string(path).bytes),
        (Op.SET_ACL, Writer().string(path).acl(OPEN_ACL).int(0).bytes),
        (Op.GET_CHILDREN, path_watch_body(path)),
        (Op.GET_CHILDREN2, path_watch_body(path)),
        (Op.SYNC, Writer().string(path).bytes),
        (Op.PING, b""),
        (Op.AUTH, Writer().int(0).string("digest").buffer(b"a:b").bytes),
        (Op.SET_WATCHES, watches_body(5, [path], [path], [path])),
        (Op.SET_WATCHES2, watches_body(5, [path], [path], [path], [path], [path])),
        (Op.ADD_WATCH, Writer().string(path).int(1).bytes),
        (Op.REMOVE_WATCHES, Writer().string(path).int(3).bytes),
        (Op.CHECK_WATCHES, Writer().string(path).int(3).bytes),
        (Op.GET_EPHEMERALS, Writer().string(path).bytes),
        (Op.GET_ALL_CHILDREN_NUMBER, Writer().string(path).bytes),
        (Op.WHO_AM_I, b""),
        (Op.SASL, Writer().buffer(b"token").bytes),
        (Op.MULTI, multi_body(
            [(Op.CREATE, create_body(path)), (Op.DELETE, path_version_body(path))])),
        (Op.MULTI_READ, multi_body([(Op.GET_DATA, path_watch_body(path))])),
    ]
    return [request(number, op, body) for number, (op, body) in enumerate(bodies, 1)]


class Fuzzer:
    """Each call of `case` is the bytes for one connection, and whether a handshake goes first."""

    def __init__(self, seed, path):
        self.random = random.Random(seed)
        self.requests = valid_requests(path)
        self.kinds = [
            self.noise, self.noise_in_frames, self.flipped, self.flipped_handshake, self.cut_short,
            self.hostile_frame_length, self.hostile_inner_length, self.shuffled,
        ]

    def case(self):
        return self.random.choice(self.kinds)()

    def noise(self):
        return False, self.random.randbytes(self.random.randrange(1, 2000))

    def noise_in_frames(self):
        pieces = [self.random.randbytes(self.random.randrange(0, 200)) for _ in range(5)]
        return True, b"".join(frame(piece) for piece in pieces)

    def flipped(self):
        """Valid requests with a few bits turned anywhere behind the frame's length."""
        data = b""
        for _ in range(3):
            bent = bytearray(self.random.choice(self.requests))
            for _ in range(self.random.randrange(1, 4)):
                bent[self.random.randrange(4, len(bent))] ^= 1 << self.random.randrange(8)
            data += bytes(bent)
        return True, data

    def flipped_handshake(self):
        bent = bytearray(connect_request(Session(), 10_000))
        for _ in range(self.random.randrange(1, 6)):
            bent[self.random.randrange(len(bent))] ^= 1 << self.random.randrange(8)
        return False, bytes(bent)

    def cut_short(self):
        whole = self.random.choice(self.requests)
        return True, whole[: self.random.randrange(1, len(whole))]

    def hostile_frame_length(self):
        length = struct.pack(">i", self.random.choice(HOSTILE_LENGTHS))
        return self.random.random() < 0.7, length + self.random.randbytes(50)

    def hostile_inner_length(self):
        """A length or count within a valid frame says something else than what follows."""
        bent = bytearray(self.random.choice(self.requests))
        if len(bent) > 20:
            at = self.random.choice([12, self.random.randrange(12, len(bent) - 4)])
            bent[at : at + 4] = struct.pack(">i", self.random.choice(HOSTILE_LENGTHS))
        return True, bytes(bent)

    def shuffled(self):
        """The body of one operation under the opcode of another."""
        one, other = self.random.choice(self.requests), self.random.choice(self.requests)
        return True, frame(one[4:12] + other[12:])
