"""Starts the server under test: ours, or Apache ZooKeeper as Debian installs it.

Both take the same configuration as a dictionary of zoo.cfg keys. Apache reads a few keys only as
Java system properties (`PROPERTIES_OF_APACHE`), which is done here, so that a test does not see it.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

from .ports import HOST, free_port
from .wire import four_letter_word

REPOSITORY = Path(__file__).resolve().parents[3]
APACHE_JARS = "/usr/share/java/zookeeper.jar"
# Debian 13's, which `tools/test.sh interop` fetches and does not install.
APACHE_3_9_JARS = REPOSITORY / ".apache-3.9/usr/share/java"
# With them Apache's log is on its output.
APACHE_LOG_JARS = "/usr/share/java/slf4j-log4j12.jar:/usr/share/java/log4j-1.2.jar"

# A server that is asked to start must listen, and one that is asked to stop must end, within this.
START_LIMIT_S = 30
STOP_LIMIT_S = 15

DEFAULTS = {
    "tickTime": 200,
    "minSessionTimeout": 400,
    "maxSessionTimeout": 30_000,
    "maxClientCnxns": 0,
    "4lw.commands.whitelist": "*",
    "extendedTypesEnabled": "true",
    "znode.container.checkIntervalMs": 500,
    "admin.enableServer": "false",
}

PROPERTIES_OF_APACHE = {
    "znode.container.checkIntervalMs": "znode.container.checkIntervalMs",
    "jute.maxbuffer": "jute.maxbuffer",
    "nio.sessionlessCnxnTimeout": "zookeeper.nio.sessionlessCnxnTimeout",
    "preAllocSize": "zookeeper.preAllocSize",
    "readonlymode.enabled": "readonlymode.enabled",
    "snapCount": "zookeeper.snapCount",
}


class Server:
    """One server process on a data directory of its own, which outlives a kill."""

    kind = "abstract"
    # ZOOKEEPER-4026.
    applies_create2_in_multi = True

    def __init__(self, directory, config=None, host=HOST, port=None):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.data_dir = Path((config or {}).get("dataDir", self.directory / "data"))
        self.config_file = self.directory / "zoo.cfg"
        self.log_file = self.directory / "server.log"
        self.host, self.port = host, port or free_port()
        # What the command is started by: `ip netns exec` for a member of an ensemble.
        self.prefix = []
        self.config = {**DEFAULTS, "dataDir": self.data_dir, "clientPort": self.port}
        self.config |= {"clientPortAddress": host, **(config or {})}
        self.process = None

    @classmethod
    def is_here(cls):
        """Whether this machine has what such a server is started from."""
        return True

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def command(self):
        raise NotImplementedError

    def write_config(self):
        if not self.data_dir.exists():
            self.data_dir.mkdir()
        lines = [f"{key}={value}\n" for key, value in self.config.items()]
        self.config_file.write_text("".join(lines))

    def launch(self):
        """Starts the process and does not wait for it to listen."""
        self.write_config()
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, *self.command()], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                cwd=self.directory)
        return self

    def start(self):
        self.launch()
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                code = self.process.returncode
                raise RuntimeError(f"{self.kind} ended with {code} at start:\n{self.log_tail()}")
            if self.is_serving():
                return self
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(
            f"{self.kind} does not serve after {START_LIMIT_S} s:\n{self.log_tail()}")

    def is_serving(self):
        try:
            answer = four_letter_word(self.host, self.port, "srvr", patience_s=2.0)
        except OSError:
            return False
        return "Mode: standalone" in answer

    def stop(self):
        """SIGTERM; returns the exit code."""
        return self.end(signal.SIGTERM)

    def kill(self):
        """SIGKILL: what a crash of the process leaves behind."""
        return self.end(signal.SIGKILL)

    def end(self, signal_number):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            code = self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self.process = None
        return code

    def wait_for_exit(self, limit_s):
        code = self.process.wait(limit_s)
        self.process = None
        return code

    def restart(self):
        self.stop()
        return self.start()

    def log_text(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_tail(self, lines=30):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def resident_mib(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS in /proc")

    def ask(self, command, extra=b""):
        return four_letter_word(self.host, self.port, command, extra)


class ZKNode(Server):
    kind = "zknode"
    is_apache = False

    @staticmethod
    def binary():
        return Path(os.environ.get("ZKNODE", REPOSITORY / ".build/release/zknode"))

    def command(self):
        return [str(self.binary()), "serve", str(self.config_file)]

    @property
    def snapshots(self):
        return sorted((self.data_dir / "zknode/snapshot").glob("snapshot.*.lz4"), key=by_zxid)

    @property
    def segments(self):
        return sorted((self.data_dir / "zknode/log").glob("*.log"), key=by_zxid)


class ApacheZooKeeper(Server):
    """Debian 12's: 3.8.0."""

    kind = "apache"
    is_apache = True
    applies_create2_in_multi = False
    jars = APACHE_JARS

    @classmethod
    def is_here(cls):
        return all(Path(jar).exists() for jar in cls.jars.split(":"))

    def command(self):
        keys = [key for key in PROPERTIES_OF_APACHE if key in self.config]
        properties = [f"-D{PROPERTIES_OF_APACHE[key]}={self.config[key]}" for key in keys]
        return [
            "java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *properties,
            "-cp", f"{self.directory}:{self.jars}:{APACHE_LOG_JARS}",
            "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(self.config_file),
        ]

    def write_config(self):
        super().write_config()
        write_log4j(self.directory)

    @property
    def snapshots(self):
        return sorted((self.data_dir / "version-2").glob("snapshot.*"), key=by_zxid)

    @property
    def segments(self):
        return sorted((self.data_dir / "version-2").glob("log.*"), key=by_zxid)


class ApacheZooKeeper39(ApacheZooKeeper):
    """Debian 13's: 3.9.3. The libraries that it needs are those of 3.8.0."""

    kind = "apache-3.9"
    applies_create2_in_multi = True
    # The second names libraries of 3.8.0, and among them another one of the first.
    jars = f"{APACHE_3_9_JARS}/zookeeper-jute.jar:{APACHE_3_9_JARS}/zookeeper.jar"


def by_zxid(path):
    """Files are named by a zxid in hex, before or after a fixed word."""
    words = [word for word in path.name.split(".") if word not in ("snapshot", "log", "lz4")]
    return int(words[0], 16)


def write_log4j(directory):
    (directory / "log4j.properties").write_text(
        "log4j.rootLogger=WARN, console\n"
        # How members are synchronized, and who leads.
        "log4j.logger.org.apache.zookeeper.server.quorum.LearnerHandler=DEBUG\n"
        "log4j.logger.org.apache.zookeeper.server.quorum.Learner=INFO\n"
        "log4j.logger.org.apache.zookeeper.server.quorum.QuorumPeer=INFO\n"
        "log4j.appender.console=org.apache.log4j.ConsoleAppender\n"
        "log4j.appender.console.layout=org.apache.log4j.PatternLayout\n"
        "log4j.appender.console.layout.ConversionPattern=%d %p %c{1} %m%n\n")


SERVERS = {server.kind: server for server in (ZKNode, ApacheZooKeeper)}
