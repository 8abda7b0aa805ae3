"""Clients that set znodes without pause, through failures, and note when each was acknowledged.

One thread for all clients, so that a client's wait is the server's. A client whose connection ends
resumes its session with the next server, as client libraries do, and without their pauses.
"""

import selectors
import socket
import struct
import time

SET_DATA, CREATE, SYSTEM_XIDS = 5, 1, 0
SESSION_TIMEOUT_MS = 10_000
VALUE = bytes(100)
# A server that has accepted a connection and says nothing is left for the next after this.
HANDSHAKE_PATIENCE_S = 1.0
# One that refuses is not asked again at once: there are only so many, and all take a processor.
RETRY_PAUSE_S = 0.005
OPEN_ACL = struct.pack(">ii", 1, 31) + b"\0\0\0\5world\0\0\0\6anyone"


class Client:
    def __init__(self, timeline, number):
        self.timeline = timeline
        self.path = f"/failover{number}".encode()
        self.server = number
        self.session, self.password, self.last_zxid = 0, bytes(16), 0
        self.socket = None
        self.retry_at = 0.0

    def connect(self, now):
        ports = self.timeline.ports
        port = ports[self.server % len(ports)]
        self.server += 1
        self.is_ready, self.input = False, bytearray()
        self.deadline = now + HANDSHAKE_PATIENCE_S
        self.socket = socket.socket()
        try:
            # On loopback this is answered at once, one way or the other.
            self.socket.connect(("127.0.0.1", port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.setblocking(False)
            self.send(struct.pack(">iqiqi16s?", 0, self.last_zxid, SESSION_TIMEOUT_MS,
                                  self.session, 16, self.password, False))
            self.timeline.selector.register(self.socket, selectors.EVENT_READ, self)
        except OSError:
            self.leave(now)

    def leave(self, now):
        try:
            self.timeline.selector.unregister(self.socket)
        except (KeyError, ValueError):
            pass
        self.socket.close()
        self.socket = None
        self.retry_at = now + RETRY_PAUSE_S

    def send(self, body):
        self.socket.sendall(struct.pack(">i", len(body)) + body)

    def send_set(self):
        path = struct.pack(">i", len(self.path)) + self.path
        self.send(struct.pack(">ii", 1, SET_DATA) + path + struct.pack(">i", len(VALUE)) + VALUE
                  + struct.pack(">i", -1))

    def receive(self, now):
        try:
            data = self.socket.recv(1 << 16)
            if not data:
                return self.leave(now)
            self.input += data
            while len(self.input) >= 4:
                length = struct.unpack_from(">i", self.input)[0]
                if len(self.input) < 4 + length:
                    break
                frame = bytes(self.input[4 : 4 + length])
                del self.input[: 4 + length]
                self.handle(frame, now)
        except OSError:
            self.leave(now)

    def handle(self, frame, now):
        if not self.is_ready:
            _, timeout, session = struct.unpack_from(">iiq", frame)
            if timeout <= 0:
                raise SystemExit(f"session 0x{self.session:x} was lost")
            self.session, self.password = session, frame[20:36]
            self.is_ready = True
            for _ in range(self.timeline.in_flight):
                self.send_set()
            return
        xid, zxid, error = struct.unpack_from(">iqi", frame)
        if xid < SYSTEM_XIDS:
            return
        if error != 0:
            raise SystemExit(f"set: error {error}")
        self.last_zxid = max(self.last_zxid, zxid)
        self.timeline.acknowledged.append(now)
        self.send_set()


class Timeline:
    """`acknowledged` has the time of each acknowledged set."""

    def __init__(self, ports, clients, in_flight):
        self.ports, self.in_flight = ports, in_flight
        self.selector = selectors.DefaultSelector()
        self.clients = [Client(self, number) for number in range(clients)]
        self.acknowledged = []
        self.is_stopping = False
        create_znodes(ports[0], [client.path for client in self.clients])

    def run(self):
        while not self.is_stopping:
            now = time.monotonic()
            for client in self.clients:
                if client.socket is None and client.retry_at <= now:
                    client.connect(now)
                elif client.socket is not None and not client.is_ready and client.deadline < now:
                    client.leave(now)
            for key, _ in self.selector.select(0.002):
                key.data.receive(time.monotonic())
        for client in self.clients:
            if client.socket is not None:
                client.socket.close()
        self.selector.close()

    def stop(self):
        self.is_stopping = True

    def wait_for_acknowledgements(self, after, limit_s):
        """Until all goes as before: a second of acknowledgements since the gap."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            time.sleep(0.1)
            now = time.monotonic()
            recent = self.acknowledged[-1] if self.acknowledged else 0
            if now - after > 1.5 and now - recent < 0.1 and self.longest_gap(now - 1) < 0.1:
                return
        raise SystemExit(f"no steady acknowledgements for {limit_s} s")

    def longest_gap(self, since):
        """The longest time between two acknowledgements from some moment on."""
        times = [since] + [it for it in list(self.acknowledged) if it >= since]
        return max((late - early for early, late in zip(times, times[1:])), default=0.0)

    @property
    def rate(self):
        times = self.acknowledged
        return len(times) / (times[-1] - times[0]) if len(times) > 1 else 0.0


def create_znodes(port, paths):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        def call(body):
            connection.sendall(struct.pack(">i", len(body)) + body)
            size = struct.unpack(">i", receive(connection, 4))[0]
            return receive(connection, size)

        call(struct.pack(">iqiqi16s?", 0, 0, SESSION_TIMEOUT_MS, 0, 16, bytes(16), False))
        for path in paths:
            call(struct.pack(">ii", 1, CREATE) + struct.pack(">i", len(path)) + path
                 + struct.pack(">i", 0) + OPEN_ACL + struct.pack(">i", 0))
        call(struct.pack(">ii", 2, -11))


def receive(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise SystemExit("a server closed the connection of the preparation")
        data += more
    return data
