"""What servers in network namespaces say to each other, off the wire: streams, then packets.

Linux only, as root: a packet socket at the outer end of each member's virtual cable.
"""

import select
import socket
import struct
import threading
from dataclasses import dataclass, field

from .jute import Reader
from .network import ELECTION_PORT, QUORUM_PORT

# Of all protocols: a tap for one of them comes after the bridge, which takes the frame.
ETH_P_ALL, ETHERNET_IP, TCP = 0x0003, b"\x08\x00", 6
# Frames that the host sends to the member; its own come from the other direction.
PACKET_OUTGOING = 4
SYN = 0x02
SIGNATURE = b"BenWasHere"

PACKET_TYPES = {
    1: "request", 2: "proposal", 3: "ack", 4: "commit", 5: "ping", 6: "revalidate", 7: "sync",
    8: "inform", 9: "commitandactivate", 10: "newleader", 11: "followerinfo", 12: "uptodate",
    13: "diff", 14: "trunc", 15: "snap", 16: "observerinfo", 17: "leaderinfo", 18: "ackepoch",
    19: "informandactivate"}
OPERATIONS = {
    -11: "closeSession", -10: "createSession", -1: "error", 1: "create", 2: "delete", 5: "setData",
    7: "setACL", 9: "sync", 13: "check", 14: "multi", 15: "create2", 16: "reconfig",
    19: "createContainer", 20: "deleteContainer", 21: "createTTL"}
STATES = {0: "looking", 1: "following", 2: "leading", 3: "observing"}
# Where a TxnHeader has the type, and a REQUEST its own.
TXN_TYPE_OFFSET, REQUEST_TYPE_OFFSET = 28, 12
NO_LEADER = -(1 << 63)


@dataclass
class Stream:
    """One direction of a connection."""

    first: int = None
    pieces: dict = field(default_factory=dict)

    def take(self, sequence, flags, payload):
        if flags & SYN:
            self.first = (sequence + 1) & 0xFFFFFFFF
        elif self.first is not None and payload:
            offset = (sequence - self.first) & 0xFFFFFFFF
            if len(payload) > len(self.pieces.get(offset, b"")):
                self.pieces[offset] = payload

    @property
    def bytes(self):
        """Everything up to the first gap."""
        whole = bytearray()
        for offset, piece in sorted(self.pieces.items()):
            if offset > len(whole):
                break
            whole[offset:] = piece[: max(len(piece), 0)]
        return bytes(whole)


class Recorder:
    """Takes down what members send, by connection and direction."""

    def __init__(self, network):
        self.streams = {}
        self.sockets = []
        for member in network.members:
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
            tap.bind((f"{network.name}m{member}", 0))
            self.sockets.append(tap)
        self.is_stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_stopping:
            for tap in select.select(self.sockets, [], [], 0.2)[0]:
                frame, address = tap.recvfrom(1 << 17)
                if address[2] != PACKET_OUTGOING and frame[12:14] == ETHERNET_IP:
                    self.take(frame[14:])

    def take(self, packet):
        header = (packet[0] & 0xF) * 4
        total = struct.unpack(">H", packet[2:4])[0] or len(packet)
        if packet[9] != TCP:
            return
        segment = packet[header:total]
        source, destination, sequence = struct.unpack(">HHI", segment[:8])
        key = (packet[12:16], source, packet[16:20], destination)
        payload = segment[(segment[12] >> 4) * 4 :]
        if segment[13] & SYN:
            # A port that is used again.
            self.streams[key] = Stream()
        self.streams.setdefault(key, Stream()).take(sequence, segment[13], payload)

    def stop(self):
        self.is_stopping = True
        self.thread.join(5)
        for tap in self.sockets:
            tap.close()

    def messages(self):
        """Pairs of a fixture's name and its bytes, as they came on each connection."""
        for (_, source, _, destination), stream in list(self.streams.items()):
            if source == QUORUM_PORT:
                yield from packets(stream.bytes, is_leader=True)
            elif destination == QUORUM_PORT:
                yield from packets(stream.bytes, is_leader=False)
            elif source == ELECTION_PORT:
                yield from notifications(stream.bytes)
            elif destination == ELECTION_PORT:
                yield from initial_and_notifications(stream.bytes)


def packets(data, is_leader):
    """The packets of one direction of a quorum connection, named."""
    reader = Reader(data)
    while reader.remaining:
        begin = reader.offset
        try:
            kind, zxid, body = reader.int(), reader.long(), reader.buffer()
            for _ in range(max(reader.int(), 0)):
                reader.string(), reader.string()
        except ValueError:
            return
        side = "leader" if is_leader else "learner"
        yield f"quorum/{side}-{packet_name(kind, zxid, body, is_leader)}", data[begin : reader.offset]
        if is_leader and PACKET_TYPES[kind] == "snap":
            end = data.find(SIGNATURE, reader.offset)
            if end < 0:
                return
            reader.offset = end + len(SIGNATURE)


def packet_name(kind, zxid, body, is_leader):
    name = PACKET_TYPES[kind]
    if name == "proposal":
        return f"{name}-{operation(body, TXN_TYPE_OFFSET)}"
    if name == "request":
        return f"{name}-{operation(body, REQUEST_TYPE_OFFSET)}"
    if name == "ack":
        return f"{name}-{'proposal' if zxid & 0xFFFFFFFF else 'newleader'}"
    if name == "ackepoch":
        return f"{name}-again" if body == b"\xff" * 4 else name
    if name == "diff" and zxid == 0:
        return f"{name}-zero"
    if name == "ping" and body:
        return f"{name}-touches"
    if name == "revalidate" and is_leader:
        return f"{name}-{'valid' if body[8] else 'invalid'}"
    return name


def operation(body, offset):
    return OPERATIONS[struct.unpack(">i", body[offset : offset + 4])[0]]


def initial_and_notifications(data):
    """The side of an election connection that opened it."""
    reader = Reader(data)
    try:
        version, _, addresses = reader.long(), reader.long(), reader.string()
    except ValueError:
        return
    kind = "one-address" if version == -65536 else "all-addresses"
    assert ("|" in addresses) == (kind == "all-addresses")
    yield f"election/initial-{kind}", data[: reader.offset]
    yield from notifications(data[reader.offset :])


def notifications(data):
    reader = Reader(data)
    while reader.remaining:
        begin = reader.offset
        try:
            body = Reader(reader.buffer())
        except ValueError:
            return
        state, leader = STATES[body.int()], body.long()
        name = f"{state}-without-vote" if leader == NO_LEADER else state
        yield f"election/notification-{name}", data[begin : reader.offset]
