"""A TCP proxy in a process of its own, for connections between members that may be cut or delayed.

It is told what to do in lines of JSON (`main`). A direction that is blocked is not read: its bytes and its end wait, as they would for a
retransmission, and arrive when it is healed. A connection that begins while its pair is cut reaches
nobody until then.
"""

import json
import selectors
import socket
import struct
import sys
import time
from collections import deque

HOST = "127.0.0.1"
# Bytes that may wait in one direction; beyond that the sender is not read.
BUFFER_LIMIT = 1 << 18
# Protocol version, server id and length of the addresses, in an election port's first message.
FIRST_MESSAGE_HEAD = struct.Struct(">qqi")
ONE_ADDRESS = -65536


class Direction:
    """One direction of a connection: bytes from one socket that another is to be sent."""

    def __init__(self, source, target, sender, receiver):
        self.source, self.target = source, target
        self.pair = (sender, receiver)
        self.chunks = deque()
        self.size = 0
        self.has_ended = False
        self.rewrite = None
        self.head = b""

    def push(self, data, due):
        if self.rewrite is not None:
            data = self.rewritten(data)
        if data:
            self.chunks.append((due, data))
            self.size += len(data)

    def rewritten(self, data):
        """Replaces the addresses in the first message, once all of it is there."""
        self.head += data
        if len(self.head) < FIRST_MESSAGE_HEAD.size:
            return b""
        version, server, length = FIRST_MESSAGE_HEAD.unpack_from(self.head)
        end = FIRST_MESSAGE_HEAD.size + length
        if version < 0 and 0 <= length <= 4096 and len(self.head) < end:
            return b""
        data, replace, self.rewrite = self.head, self.rewrite, None
        if version < 0 and 0 <= length <= 4096:
            address = replace(*self.pair).encode()
            first = FIRST_MESSAGE_HEAD.pack(ONE_ADDRESS, server, len(address)) + address
            data = first + data[end:]
        return data


class Connection:
    """Two sockets and the two directions between them; `inner` is None until it is let through."""

    def __init__(self, outer, listener):
        self.outer, self.inner = outer, None
        self.listener = listener
        self.directions = []

    def close(self):
        for it in (self.outer, self.inner):
            if it is not None:
                it.close()


class Listener:
    """Where `sender` connects to reach a port of `receiver`."""

    def __init__(self, sender, receiver, port):
        self.socket = socket.create_server((HOST, 0), backlog=64)
        self.socket.setblocking(False)
        self.sender, self.receiver = sender, receiver
        self.port, self.rewrite = port, None

    @property
    def own_port(self):
        return self.socket.getsockname()[1]


class Proxy:
    """`links` has, for each ordered pair of members, the receiver's quorum and election ports."""

    def __init__(self, links):
        self.blocked, self.delays = set(), {}
        self.connections = []
        self.quorum, self.election = {}, {}
        for sender, receiver, quorum, election in links:
            pair = (sender, receiver)
            self.quorum[pair] = Listener(*pair, quorum)
            self.election[pair] = Listener(*pair, election)
            self.election[pair].rewrite = self.rewrite_address
        self.listeners = [*self.quorum.values(), *self.election.values()]

    def rewrite_address(self, sender, receiver):
        """The election address that a member tells another: the one that leads by the proxy."""
        return f"{HOST}:{self.election[receiver, sender].own_port}"

    def ports(self):
        return [
            [*pair, listener.own_port, self.election[pair].own_port]
            for pair, listener in self.quorum.items()]

    def run(self, commands):
        """Until the commands, a stream of lines, have ended."""
        while True:
            for connection in list(self.connections):
                self.let_through(connection)
            if commands in self.turn(commands):
                line = commands.readline()
                if not line:
                    return
                state = json.loads(line)
                self.blocked = {tuple(pair) for pair in state["blocked"]}
                self.delays = {(one, other): delay for one, other, delay in state["delays"]}

    def let_through(self, connection):
        """Connects to the receiver, unless one of the directions is blocked."""
        listener = connection.listener
        pair = (listener.sender, listener.receiver)
        if connection.inner is not None or {pair, pair[::-1]} & self.blocked:
            return
        try:
            connection.inner = socket.create_connection((HOST, listener.port), timeout=1)
        except OSError:
            self.end(connection)
            return
        for it in (connection.outer, connection.inner):
            it.setblocking(False)
            it.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        there = Direction(connection.outer, connection.inner, *pair)
        there.rewrite = listener.rewrite
        back = Direction(connection.inner, connection.outer, *pair[::-1])
        connection.directions = [there, back]

    def turn(self, commands):
        """Waits until something can be done, and does it; returns what is ready."""
        wanted, timeout = self.wanted()
        with selectors.DefaultSelector() as selector:
            selector.register(commands, selectors.EVENT_READ)
            for listener in self.listeners:
                selector.register(listener.socket, selectors.EVENT_READ, listener)
            for it, mask in wanted.items():
                selector.register(it, mask)
            ready = {key.fileobj: (mask, key.data) for key, mask in selector.select(timeout)}
        for _, listener in ready.values():
            if listener is not None:
                self.accept(listener)
        for connection in list(self.connections):
            try:
                for direction in connection.directions:
                    self.move(direction, ready)
            except OSError:
                self.end(connection)
                continue
            if any(it.has_ended and not it.chunks for it in connection.directions):
                self.end(connection)
        return ready

    def wanted(self):
        """The sockets to wait for, with what; and for how long, until something delayed is due."""
        now, wanted, timeout = time.monotonic(), {}, None
        for connection in self.connections:
            for direction in connection.directions:
                if direction.pair in self.blocked:
                    continue
                if not direction.has_ended and direction.size < BUFFER_LIMIT:
                    wanted[direction.source] = (
                        wanted.get(direction.source, 0) | selectors.EVENT_READ)
                if not direction.chunks:
                    continue
                wait = direction.chunks[0][0] - now
                if wait <= 0:
                    wanted[direction.target] = (
                        wanted.get(direction.target, 0) | selectors.EVENT_WRITE)
                else:
                    timeout = wait if timeout is None else min(timeout, wait)
        return wanted, timeout

    def accept(self, listener):
        try:
            outer, _ = listener.socket.accept()
        except OSError:
            return
        self.connections.append(Connection(outer, listener))

    def move(self, direction, ready):
        now = time.monotonic()
        if ready.get(direction.source, (0,))[0] & selectors.EVENT_READ:
            data = direction.source.recv(1 << 16)
            direction.has_ended = not data
            direction.push(data, now + self.delays.get(direction.pair, 0))
        if ready.get(direction.target, (0,))[0] & selectors.EVENT_WRITE:
            while direction.chunks and direction.chunks[0][0] <= now:
                due, data = direction.chunks.popleft()
                try:
                    sent = direction.target.send(data)
                except BlockingIOError:
                    sent = 0
                direction.size -= sent
                if sent < len(data):
                    direction.chunks.appendleft((due, data[sent:]))
                    return

    def end(self, connection):
        connection.close()
        if connection in self.connections:
            self.connections.remove(connection)


def main():
    """The first line has the links; the answer, the ports to connect to. The rest are states."""
    proxy = Proxy(json.loads(sys.stdin.buffer.raw.readline()))
    print(json.dumps(proxy.ports()), flush=True)
    proxy.run(sys.stdin.buffer.raw)


if __name__ == "__main__":
    main()
