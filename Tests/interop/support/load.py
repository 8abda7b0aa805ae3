"""Clients that write and read through an ensemble whatever happens to it, and write down all of it.

Each client has a thread, a session and a window of pipelined requests. When its server goes away it
goes to the next one and resumes the session there, as client libraries do; what was not answered
stays without an answer in the history.
"""

import random
import threading
import time

from .history import CREATE, DELETE, GET, MULTI, SET, SYNC, History, Operation
from .jute import Writer
from .wire import (
    Disconnected, Err, Flag, Op, RawClient, Session, SessionRefused, create_body, multi_body,
    multi_errors, path_version_body, path_watch_body, read_stat, set_body)

REGISTERS, COUNTERS = 6, 4
WINDOW = 8
SESSION_TIMEOUT_MS = 30_000
# A client gives a server this long for an answer, then tries the next.
PATIENCE_S = 1.5
CODES = {CREATE: Op.CREATE2, SET: Op.SET_DATA, DELETE: Op.DELETE, MULTI: Op.MULTI,
         GET: Op.GET_DATA, SYNC: Op.SYNC}
# Apache 3.8 takes a create2 in a multi and does not carry it out (ZOOKEEPER-4026).
PART_CODES = {**CODES, CREATE: Op.CREATE}


def body_of(operation):
    if operation.kind == CREATE:
        flags = Flag.EPHEMERAL * operation.is_ephemeral + Flag.SEQUENTIAL * operation.is_sequential
        return create_body(operation.path, operation.value, flags)
    if operation.kind == SET:
        return set_body(operation.path, operation.value, operation.version)
    if operation.kind == DELETE:
        return path_version_body(operation.path, operation.version)
    if operation.kind == MULTI:
        return multi_body([(PART_CODES[part.kind], body_of(part)) for part in operation.parts])
    if operation.kind == SYNC:
        return Writer().string(operation.path).bytes
    return path_watch_body(operation.path)


def learn(operation, reply):
    """Puts into the operation what the reply says beyond its header."""
    if reply.err != Err.OK:
        return
    if operation.kind == MULTI:
        # The header of a multi that failed says nothing of it.
        reply.err = next((err for err in multi_errors(reply.body) if err != Err.OK), Err.OK)
    elif operation.kind == CREATE:
        operation.created = reply.body.string()
        operation.stat = read_stat(reply.body)
    elif operation.kind == SET:
        operation.stat = read_stat(reply.body)
    elif operation.kind == GET:
        operation.data = reply.body.buffer()
        operation.stat = read_stat(reply.body)


class LoadClient:
    """One of the load's clients."""

    def __init__(self, load, number, seed):
        self.load, self.number = load, number
        self.random = random.Random(seed)
        self.versions = {}
        self.deletable = []
        self.names = 0
        self.server = number
        self.session = Session()
        self.connection = None
        self.is_stopping = False
        self.error = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    # The thread

    def run(self):
        try:
            while not self.is_stopping:
                if self.connection is None and not self.connect():
                    # Nobody serves: no hurry, other threads need the processor.
                    time.sleep(0.02)
                elif self.connection is not None:
                    self.send_window()
        except BaseException as error:
            self.error = error

    def connect(self):
        """One try, with the next server."""
        member = self.load.members[self.server % len(self.load.members)]
        self.server += 1
        if member.is_paused:
            return False
        self.connection = RawClient(
            member.server.host, member.server.port, SESSION_TIMEOUT_MS, self.session,
            patience_s=PATIENCE_S)
        try:
            self.connection.connect()
        except SessionRefused:
            self.load.history.refused_sessions.add(self.session.id)
            self.session = Session()
            self.disconnect()
        except (Disconnected, OSError, ValueError):
            self.disconnect()
        return self.connection is not None

    def disconnect(self):
        self.connection.drop()
        self.connection = None

    def send_window(self):
        operations = [self.plan() for _ in range(self.random.randrange(1, WINDOW + 1))]
        history = self.load.history
        try:
            for operation in operations:
                history.invoke(operation, self.number, self.session.id)
                self.connection.send(CODES[operation.kind], body_of(operation))
            for operation in operations:
                reply = self.connection.read_reply()
                learn(operation, reply)
                history.complete(operation, reply)
                self.remember(operation)
        except (Disconnected, OSError):
            self.disconnect()
        if self.load.pause_s:
            time.sleep(self.load.pause_s)

    # What it does

    def plan(self):
        top, history = self.load.top, self.load.history
        kind = self.random.choices(
            ["register", "counter", "create", "sequential", "ephemeral", "delete", "multi", "read",
             "sync"], [20, 10, 15, 10, 4, 6, 8, 20, 4])[0]
        register = f"{top}/register{self.random.randrange(REGISTERS)}"
        counter = f"{top}/counter{self.random.randrange(COUNTERS)}"
        if kind == "register":
            version = self.versions.get(register, 0)
            return Operation(SET, register, history.value(), version)
        if kind == "counter":
            return Operation(SET, counter, history.value(self.random.choice([20, 1000])))
        if kind == "create":
            return Operation(CREATE, self.name(), history.value(100))
        if kind == "sequential":
            return Operation(
                CREATE, f"{top}/queue/item-", history.value(), is_sequential=True)
        if kind == "ephemeral":
            return Operation(CREATE, self.name(), history.value(), is_ephemeral=True)
        if kind == "delete" and self.deletable:
            return Operation(DELETE, self.deletable.pop())
        if kind == "multi":
            parts = (
                Operation(CREATE, self.name(), history.value()),
                Operation(SET, counter, history.value()),
                Operation(CREATE, self.name(), history.value()))
            return Operation(MULTI, parts[0].path, parts=parts)
        if kind == "sync":
            return Operation(SYNC, top)
        return Operation(GET, self.random.choice([register, counter]))

    def name(self):
        self.names += 1
        return f"{self.load.top}/client{self.number}/n{self.names}"

    def remember(self, operation):
        if operation.kind in (SET, GET) and operation.stat is not None:
            self.versions[operation.path] = operation.stat.version
        plain = operation.kind == CREATE and not operation.is_sequential
        if plain and operation.is_acknowledged and self.random.random() < 0.5:
            self.deletable.append(operation.path)

    def finish(self, limit_s):
        """Ends the session with an answer, on whatever server takes it; false if none does."""
        deadline = time.monotonic() + limit_s
        while self.session.id and time.monotonic() < deadline:
            try:
                if self.connection is None and not self.connect():
                    time.sleep(0.02)
                    continue
                if self.connection.call(Op.CLOSE).err == Err.OK:
                    self.load.history.closed_sessions.add(self.session.id)
                    self.disconnect()
                    return True
            except (Disconnected, OSError):
                if self.connection is not None:
                    self.disconnect()
        return not self.session.id


class Load:
    """All clients, their history, and the place in the tree that they work in."""

    def __init__(self, ensemble, top, clients=4, seed=1, members=None, pause_s=0.0):
        self.members = members or ensemble.members
        self.top, self.pause_s = top, pause_s
        self.history = History()
        choose = random.Random(seed)
        self.clients = [
            LoadClient(self, number, choose.getrandbits(32)) for number in range(clients)]

    def prepare(self):
        """What the clients need to be there, through the first server that serves."""
        paths = [self.top, f"{self.top}/queue"]
        paths += [f"{self.top}/client{client.number}" for client in self.clients]
        paths += [f"{self.top}/register{number}" for number in range(REGISTERS)]
        paths += [f"{self.top}/counter{number}" for number in range(COUNTERS)]
        member = next(member for member in self.members if member.role())
        with RawClient(member.server.host, member.server.port) as client:
            for path in paths:
                reply = client.create(path)
                assert reply.err == Err.OK, f"create {path}: {reply.err}"

    def start(self):
        self.prepare()
        for client in self.clients:
            client.thread.start()
        return self

    def stop(self, limit_s=20):
        """Stops sending, and closes the sessions."""
        for client in self.clients:
            client.is_stopping = True
        for client in self.clients:
            if client.thread.ident is not None:
                client.thread.join(limit_s)
            if client.error is not None:
                raise client.error
        for client in self.clients:
            assert client.finish(limit_s), f"client {client.number} could not close its session"

    def abandon(self):
        """Stops sending, for when something has failed already."""
        for client in self.clients:
            client.is_stopping = True

    @property
    def acknowledged(self):
        return self.history.acknowledged_writes

    def __str__(self):
        history = self.history
        unknown = sum(it.is_unknown and it.is_write for it in history.operations)
        # As servers write it in their logs.
        end = time.strftime("%H:%M:%S", time.gmtime(history.longest_gap_end))
        return (
            f"{len(history.operations)} operations, {history.acknowledged_writes} acknowledged "
            f"writes, {unknown} without an answer, longest gap {history.longest_gap_s:.2f} s "
            f"until {end} UTC")
