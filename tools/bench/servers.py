"""The servers that are compared: how each is started, probed, measured and stopped."""

import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import time

START_LIMIT_SECONDS = 300
STOP_LIMIT_SECONDS = 60

APACHE_COMMAND = (
    "java -Xmx{heap}{options} -Dzookeeper.root.logger=WARN,CONSOLE"
    " -cp /etc/zookeeper/conf:/usr/share/java/zookeeper.jar"
    " org.apache.zookeeper.server.quorum.QuorumPeerMain {config}"
)
OURS_COMMAND = "{zknode} serve {config}"


class Server:
    """One server with a directory and a port of its own."""

    def __init__(self, name, title, command, directory, port, snapshot_pattern):
        self.name = name
        self.title = title
        self.command = command
        self.directory = pathlib.Path(directory) / name
        self.port = port
        self.snapshot_pattern = snapshot_pattern
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self, fresh=True, settings=None):
        """Starts the server; returns the seconds from there to the first answered read."""
        self.begin(fresh)
        start = self.launch(settings)
        while not answers_reads(self.port):
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended at once: see {self.directory}/output.log")
            if time.monotonic() - start > START_LIMIT_SECONDS:
                self.stop()
                raise SystemExit(f"{self.name} does not answer: see {self.directory}/output.log")
            time.sleep(0.005)
        return time.monotonic() - start

    def begin(self, fresh):
        """Makes the directory, without what is in it if `fresh`."""
        if fresh:
            shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True, exist_ok=True)

    def launch(self, settings=None):
        """Starts the process, waits for nothing, and returns when it was."""
        assert self.process is None
        config = self.directory / "zoo.cfg"
        config.write_text(self.configuration(settings or {}))
        start = time.monotonic()
        with open(self.directory / "output.log", "ab") as log:
            self.process = subprocess.Popen(
                shlex.split(self.command.format(config=config)), stdout=log, stderr=log
            )
        return start

    def configuration(self, settings):
        """The same text for every server: what is not in it is the server's default."""
        values = {
            "tickTime": 2000,
            "dataDir": self.directory / "data",
            "clientPort": self.port,
            "clientPortAddress": "127.0.0.1",
            "maxClientCnxns": 0,
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "srvr,mntr",
            **settings,
        }
        assert "forceSync" not in values
        return "".join(f"{key}={value}\n" for key, value in values.items())

    def stop(self, how=signal.SIGTERM):
        """Ends the server and waits for it."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    @property
    def members(self):
        """The servers that it is: itself."""
        return [self]

    def restart_one(self):
        """Stops the server and returns the seconds from its start to its first answer."""
        self.stop()
        return self.start(fresh=False)

    def snapshots(self):
        return {path.name for path in (self.directory / "data").glob(self.snapshot_pattern)}

    def resident_bytes(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise SystemExit("no VmRSS")

    def data_bytes(self):
        """What the data directory takes on the disk."""
        files = (self.directory / "data").rglob("*")
        return sum(path.stat().st_blocks * 512 for path in files if path.is_file())

    def live_heap_bytes(self):
        """Of a JVM, what is reachable; None of others."""
        if not self.command.startswith("java "):
            return None
        pid = str(self.process.pid)
        subprocess.run(["jcmd", pid, "GC.run"], check=True, stdout=subprocess.DEVNULL)
        text = subprocess.run(
            ["jcmd", pid, "GC.heap_info"], check=True, capture_output=True, text=True
        ).stdout
        return int(re.search(r"used (\d+)K", text).group(1)) * 1024

    def monitor(self):
        """The lines of the four-letter word mntr as a dictionary."""
        text = four_letter_word(self.port, b"mntr")
        pairs = (line.split("\t", 1) for line in text.splitlines() if "\t" in line)
        return dict(pairs)

    def version(self):
        first = four_letter_word(self.port, b"srvr").splitlines()
        # Debian's build carries an unexpanded variable after the number.
        return first[0].split(":", 1)[-1].strip().split("-$")[0] if first else "unknown"


def apache(arguments, directory):
    options = f" -Xms{arguments.heap_start}" if arguments.heap_start else ""
    options += f" {arguments.java_options}" if arguments.java_options else ""
    command = arguments.apache_command or (
        APACHE_COMMAND.replace("{heap}", arguments.heap).replace("{options}", options))
    return Server(
        "apache", "Apache ZooKeeper", command, directory, arguments.port, "version-2/snapshot.*"
    )


def ours(arguments, directory):
    command = arguments.ours_command or OURS_COMMAND.replace("{zknode}", arguments.zknode)
    return Server(
        "zknode", "ZKNode", command, directory, arguments.port + 1, "zknode/snapshot/snapshot.*"
    )


def answers_reads(port):
    """Whether a new session gets a reply to `exists /`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            request = struct.pack(">iqiqi16s?", 0, 0, 10000, 0, 16, bytes(16), False)
            send_frame(connection, request)
            if struct.unpack(">i", receive_frame(connection)[4:8])[0] <= 0:
                return False
            send_frame(connection, struct.pack(">iii1s?", 1, 3, 1, b"/", False))
            reply = receive_frame(connection)
            send_frame(connection, struct.pack(">ii", 2, -11))
            receive_frame(connection)
            return struct.unpack(">i", reply[12:16])[0] == 0
    except (OSError, struct.error):
        return False


def send_frame(connection, body):
    connection.sendall(struct.pack(">i", len(body)) + body)


def receive_frame(connection):
    size = struct.unpack(">i", receive(connection, 4))[0]
    return receive(connection, size)


def receive(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def four_letter_word(port, word):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(word)
            chunks = []
            while chunk := connection.recv(65536):
                chunks.append(chunk)
            return b"".join(chunks).decode()
    except OSError:
        return ""


def disk_flushes(directory):
    """How often the disk under `directory` was told to make its cache durable, ever."""
    device = os.stat(directory).st_dev
    for line in open("/proc/diskstats"):
        fields = line.split()
        if (int(fields[0]), int(fields[1])) == (os.major(device), os.minor(device)):
            return int(fields[18]) if len(fields) > 18 else None
    return None
