"""Jute, the encoding of ZooKeeper's client protocol, written by hand: big-endian, no framing.

A string or buffer is a signed 32-bit length and that many bytes; a length of -1 is null.
A vector is a signed 32-bit count and the elements.
"""

import struct


class Writer:
    """Appends values; every method returns the writer, so that a request reads as one line."""

    def __init__(self):
        self.bytes = bytearray()

    def int(self, value):
        self.bytes += struct.pack(">i", value)
        return self

    def long(self, value):
        self.bytes += struct.pack(">q", value)
        return self

    def bool(self, value):
        self.bytes += b"\x01" if value else b"\x00"
        return self

    def buffer(self, value):
        if value is None:
            return self.int(-1)
        self.int(len(value))
        self.bytes += value
        return self

    def string(self, value):
        return self.buffer(None if value is None else value.encode())

    def strings(self, values):
        self.int(len(values))
        for value in values:
            self.string(value)
        return self

    def acl(self, entries):
        self.int(len(entries))
        for permissions, scheme, identity in entries:
            self.int(permissions).string(scheme).string(identity)
        return self

    def raw(self, value):
        self.bytes += value
        return self


class Reader:
    """Takes values off a byte string; running past the end raises, as it would in a client."""

    def __init__(self, data):
        self.data = data
        self.offset = 0

    def take(self, count):
        end = self.offset + count
        if count < 0 or end > len(self.data):
            raise ValueError(f"jute: {count} bytes wanted at {self.offset} of {len(self.data)}")
        piece = self.data[self.offset : end]
        self.offset = end
        return piece

    def int(self):
        return struct.unpack(">i", self.take(4))[0]

    def long(self):
        return struct.unpack(">q", self.take(8))[0]

    def bool(self):
        return self.take(1) != b"\x00"

    def buffer(self):
        length = self.int()
        return None if length < 0 else self.take(length)

    def string(self):
        value = self.buffer()
        return None if value is None else value.decode()

    def strings(self):
        return [self.string() for _ in range(self.int())]

    @property
    def remaining(self):
        return len(self.data) - self.offset
