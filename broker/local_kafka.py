"""Starts a local Kafka: one broker process on the loopback that keeps its data in one folder.

Knows the process and its life; its files, its folder, its ports and the meaning of ready have modules of their own.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from broker.class_data import archive_of, options_of
from broker.errors import LocalKafkaError
from broker.jars import class_path
from broker.java import bring_java
from broker.leash import Leash
from broker.node import SINGLE, Node
from broker.ports import LOOPBACK, free_port, is_free
from broker.program import Program
from broker.readiness import wait_until_ready
from broker.releases import NEWEST
from broker.storage import Ports, Storage

READY_SECONDS = 180.0
STOP_SECONDS = 60.0
_LOOK_SECONDS = 0.005
# Quick to start and small. The first compiler alone saves a quarter of the start and is ample for a local broker.
JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Djava.awt.headless=true")
LOGGING = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}"
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
NO_FEATURES: Mapping[str, int] = MappingProxyType({})


class LocalKafka:
    """A Kafka broker (and its own controller) with its data in the folder `data`; use it as a context manager.

    It can be started again after `stop` or `kill`, by this object or by another one on the same folder, and then has
    the same data, cluster id and, if it is free, port.

    Args:
        data: made and formatted at the first start.
        port: where clients connect on 127.0.0.1; 0 is the port of the last start if free, else any free one.
        settings: broker settings that go over those of `broker.storage.SETTINGS`.
        release: the Kafka that runs.
        features: levels of Kafka's features that the first start formats the cluster with, such as `group.version` 0;
            the release's own defaults for all others.
        environment: where java is looked for; the process's own by default.
        jvm: further options of the broker's Java.
        node: its place among the brokers of a cluster; alone by default.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int = 0,
        settings: Mapping[str, str] = NO_SETTINGS,
        release: Program = NEWEST,
        features: Mapping[str, int] = NO_FEATURES,
        environment: Mapping[str, str] = os.environ,
        jvm: Sequence[str] = (),
        node: Node = SINGLE,
    ) -> None:
        self._storage = Storage(data, node)
        self._node = node
        self._port = port
        self._settings = settings
        self._release = release
        self._features = features
        self._environment = environment
        self._jvm = jvm
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: Leash | None = None
        self._cluster_id = ""
        self._log_start = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """`127.0.0.1:PORT`; raises LocalKafkaError before the first start, when no port is chosen yet."""
        if self._port == 0:
            raise LocalKafkaError("the broker has no port before its first start")
        return f"{LOOPBACK}:{self._port}"

    @property
    def cluster_id(self) -> str:
        """The id that the first start on this folder gave the cluster."""
        return self._cluster_id

    @property
    def runs(self) -> bool:
        """Whether its process is there, be it paused."""
        if self._process is None:
            return False
        if self._process.poll() is None:
            return True
        self._let_go()
        return False

    @property
    def pid(self) -> int:
        """The process id of the running broker; raises LocalKafkaError if it does not run."""
        if self._process is None or not self.runs:
            raise LocalKafkaError(self.died() or "the broker has not been started")
        return self._process.pid

    @property
    def log(self) -> Path:
        """The broker's log: warnings and errors of all starts on this folder."""
        return self._storage.log

    def start(self) -> None:
        """Starts the broker and returns when it serves topics and groups.

        Raises:
            LocalKafkaError: it runs already, cannot be fetched, finds its port taken, dies, or is not ready in 180 s.
        """
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Starts the broker and waits for nothing: one of a cluster serves only when enough of the others are up.

        Raises:
            LocalKafkaError: it runs already, cannot be fetched, or finds its port taken.
        """
        if self.runs:
            raise LocalKafkaError(f"the broker at {self.bootstrap} runs already (pid {self.pid})")
        program, jars = bring_java(self._environment), self._release.files()
        shared = options_of(archive_of(program, jars))
        java = [program, *JVM, *shared, LOGGING, "-cp", class_path(jars)]
        ports = self._choose_ports()
        with self._storage.locked() as lock:
            settings = self._storage.write(ports, self._settings)
            self._cluster_id = self._storage.cluster_id() or self._storage.format(java, settings, self._features)
            self._spawn([*java, *self._jvm, "kafka.Kafka", str(self._storage.properties)], lock)
        self._port = ports.client

    def wait_until_ready(self) -> None:
        """Returns when the broker that was launched serves topics and groups; kills it if it does not.

        Raises:
            LocalKafkaError: it dies, or is not ready in 180 s.
        """
        try:
            wait_until_ready(self.bootstrap, self.cluster_id, died=self.died, seconds=READY_SECONDS)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stops the broker in order; kills it if it has not ended after 60 s. Quiet if it does not run."""
        if not self.runs:
            return
        self._send(signal.SIGTERM)
        self._send(signal.SIGCONT)  # a paused process would not see the other
        try:
            self._reap(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kills the broker with SIGKILL and returns when it is gone. Quiet if it does not run."""
        if self.runs:
            self._send(signal.SIGKILL)
            self._reap(None)

    def pause(self) -> None:
        """Freezes the broker (SIGSTOP) and returns when it stands still: its port accepts connections, no more."""
        self._send(signal.SIGSTOP)
        while self.runs and not _stands_still(self.pid):
            time.sleep(_LOOK_SECONDS)

    def resume(self) -> None:
        """Lets a paused broker go on (SIGCONT)."""
        self._send(signal.SIGCONT)

    def died(self) -> str | None:
        """Why the broker that was started is gone, in one line; None while it runs and before the first start."""
        if self._process is None or self.runs:
            return None
        return f"the broker ended with exit {self._process.returncode}: {self._last_words()} (log: {self.log})"

    def _send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def _reap(self, seconds: float | None) -> None:
        """Waits for a broker that has been asked to end, without the leash, which must not outlive the pid."""
        self._let_go()
        if self._process is not None:
            self._process.wait(seconds)

    def _let_go(self) -> None:
        if self._leash is not None:
            self._leash.release()
            self._leash = None

    def _choose_ports(self) -> Ports:
        """The port asked for (by this object's first start too), else the remembered one if free, else any."""
        remembered = self._storage.remembered_ports() or Ports(0, 0)
        if self._port and not is_free(self._port):
            raise LocalKafkaError(
                f"port {self._port} of {LOOPBACK} is taken: stop what listens there or choose another"
            )
        controller = self._node.controller_port or _free_or_new(remembered.controller)
        return Ports(self._port or _free_or_new(remembered.client), controller)

    def _spawn(self, command: list[str], lock: int) -> None:
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            # A session of its own: Ctrl-C in a terminal reaches only us, and we stop the broker in order.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._storage.folder,
                start_new_session=True,
                pass_fds=[lock],
            )
        self._leash = Leash(self._process.pid)

    def _last_words(self) -> str:
        """The last line that this start wrote to the log and that is no frame of a stack trace."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        lines = [line for line in lines if line.strip() and not line[0].isspace()]
        return lines[-1] if lines else "it said nothing"


def _free_or_new(port: int) -> int:
    return port if port and is_free(port) else free_port()


def _stands_still(pid: int) -> bool:
    """Whether each thread of a process is stopped: the signal takes a moment to come to those that run."""
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        with suppress(OSError):  # that thread has ended
            if stat.read_text().rpartition(")")[2].split()[0] != "T":
                return False
    return True
