"""Ports that servers under test listen on: free ones of ranges that nothing else here uses."""

import random
import socket

HOST = "127.0.0.1"
PORTS = range(22400, 22800)

# A port is handed out once in a process: it is bound some time after it was found to be free.
handed_out = set()


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port():
    """A port of our range that nobody listens on, sought from a random one on."""
    start = random.randrange(len(PORTS))
    for offset in range(len(PORTS)):
        port = PORTS[(start + offset) % len(PORTS)]
        if port not in handed_out and is_free(port):
            handed_out.add(port)
            return port
    # A long run starts many servers, one after the other: those of before are gone.
    if not handed_out:
        raise RuntimeError(f"no free port in {PORTS}")
    handed_out.clear()
    return free_port()
