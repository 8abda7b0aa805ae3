"""A TCP proxy in a thread, for connections between members that are to be cut, delayed or not.

A direction that is blocked is not read: its bytes and its end wait, as they would for a
retransmission, and arrive when it is healed. A connection that begins while its pair is cut reaches
nobody until then.
"""

import selectors
import socket
import struct
import threading
import time
from collections import deque

from .ports import HOST

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
    def __init__(self, sender, receiver, port, rewrite):
        self.socket = socket.create_server((HOST, 0), backlog=64)
        self.socket.setblocking(False)
        self.sender, self.receiver = sender, receiver
        self.port, self.rewrite = port, rewrite


class Proxy:
    def __init__(self):
        self.lock = threading.Lock()
        self.blocked, self.delays = set(), {}
        self.listeners, self.connections = [], []
        self.is_stopping = False
        self.wake_in, self.wake_out = socket.socketpair()
        self.thread = threading.Thread(target=self.run, daemon=True)

    # Called by others

    def listen(self, sender, receiver, port, rewrite=None):
        """Leads `sender`'s connections to `receiver`'s `port`; returns the port to connect to."""
        listener = Listener(sender, receiver, port, rewrite)
        self.listeners.append(listener)
        return listener.socket.getsockname()[1]

    def start(self):
        self.thread.start()

    def block(self, sender, receiver):
        with self.lock:
            self.blocked.add((sender, receiver))
        self.wake()

    def delay(self, sender, receiver, seconds):
        with self.lock:
            self.delays[sender, receiver] = seconds
        self.wake()

    def heal(self):
        with self.lock:
            self.blocked.clear()
            self.delays.clear()
        self.wake()

    def stop(self):
        self.is_stopping = True
        self.wake()
        self.thread.join(5)

    def wake(self):
        self.wake_out.send(b"x")

    # The thread

    def run(self):
        while not self.is_stopping:
            with self.lock:
                blocked, delays = set(self.blocked), dict(self.delays)
            for connection in list(self.connections):
                self.let_through(connection, blocked)
            self.turn(blocked, delays)
        for it in [*self.connections, *(listener.socket for listener in self.listeners)]:
            it.close()
        self.wake_in.close()
        self.wake_out.close()

    def let_through(self, connection, blocked):
        """Connects to the receiver, unless one of the directions is blocked."""
        listener = connection.listener
        pair = (listener.sender, listener.receiver)
        if connection.inner is not None or pair in blocked or pair[::-1] in blocked:
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

    def turn(self, blocked, delays):
        """Waits until something can be done, and does it."""
        now = time.monotonic()
        wanted, timeout = {}, None
        for connection in self.connections:
            for direction in connection.directions:
                if direction.pair in blocked:
                    continue
                if not direction.has_ended and direction.size < BUFFER_LIMIT:
                    wanted[direction.source] = wanted.get(direction.source, 0) | 1
                if direction.chunks:
                    wait = direction.chunks[0][0] - now
                    if wait <= 0:
                        wanted[direction.target] = wanted.get(direction.target, 0) | 2
                    else:
                        timeout = wait if timeout is None else min(timeout, wait)
        with selectors.DefaultSelector() as selector:
            selector.register(self.wake_in, selectors.EVENT_READ)
            for listener in self.listeners:
                selector.register(listener.socket, selectors.EVENT_READ, listener)
            for it, mask in wanted.items():
                selector.register(it, mask)
            ready = {key.fileobj: (mask, key.data) for key, mask in selector.select(timeout)}
        if self.wake_in in ready:
            self.wake_in.recv(4096)
        for _, listener in ready.values():
            if listener is not None:
                self.accept(listener)
        for connection in list(self.connections):
            try:
                for direction in connection.directions:
                    self.move(direction, ready, delays)
            except OSError:
                self.end(connection)
                continue
            if any(it.has_ended and not it.chunks for it in connection.directions):
                self.end(connection)

    def accept(self, listener):
        try:
            outer, _ = listener.socket.accept()
        except OSError:
            return
        self.connections.append(Connection(outer, listener))

    def move(self, direction, ready, delays):
        now = time.monotonic()
        if ready.get(direction.source, (0,))[0] & selectors.EVENT_READ:
            data = direction.source.recv(1 << 16)
            direction.has_ended = not data
            direction.push(data, now + delays.get(direction.pair, 0))
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
