"""The processes of a run: intakes and workers, each started, frozen, killed and stopped as often as the faults say."""

import asyncio
import os
import resource
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from broker.ports import LOOPBACK
from tests.chaos.facts import Evidence, Life
from tests.chaos.plan import INTAKES
from tests.chaos.stopwatch import Stopwatch
from tests.chaos.wiring import Wiring
from tests.kit.process import Process

DRAIN_S: Final = 3.0
INTAKE_STOP_S: Final = 10.0
"""What an intake may take to answer what is in flight and to close its clients."""
GIVEN_UP_S: Final = 60.0
"""So long after SIGTERM a process is killed, so that the run can go on."""
COMMANDS: Final = {True: ("producer.cli", "serve"), False: ("consumer.cli", "deliver")}
"""By whether it is an intake: the module and its command."""


class Programs:
    """Starts our commands for one run, and notes their lives.

    Args:
        wiring: who finds whom where.
        folder: gets a folder for each process, with its configuration and output.
        topic: the events topic.
        evidence: where lives are written.
        watch: the time of the run.
        commands: the module and the arguments of intakes and of workers.
    """

    def __init__(
        self,
        wiring: Wiring,
        folder: Path,
        topic: str,
        *,
        evidence: Evidence,
        watch: Stopwatch,
        commands: Mapping[bool, tuple[str, ...]] = COMMANDS,
    ) -> None:
        self._wiring = wiring
        self._folder = folder
        self._topic = topic
        self._evidence = evidence
        self._commands = commands
        self._watch = watch
        self._counts = Counter[str]()
        self._running: dict[str, tuple[Process, Life]] = {}

    @property
    def running(self) -> dict[str, str]:
        """The incarnation of each process that should run."""
        return {name: life.name for name, (_, life) in self._running.items()}

    async def start(self, name: str) -> str:
        """Start a worker or an intake, if it is not there; its incarnation."""
        if name not in self._running:
            self._counts[name] += 1
            life = Life(f"{name}.{self._counts[name]}", self._watch.now())
            module, *arguments = self._commands[name in INTAKES]
            process = Process(module, *arguments, folder=self._folder / life.name, config=self._config(name, life))
            await asyncio.to_thread(process.begin)
            self._evidence.lives.append(life)
            self._running[name] = (process, life)
        return self._running[name][1].name

    def signal(self, name: str, number: signal.Signals) -> str:
        """Send a signal that ends nothing; the incarnation that got it, or nothing if there is none."""
        if name not in self._running:
            return ""
        process, life = self._running[name]
        if process.returncode is None:
            os.kill(process.pid, number)
        return life.name

    def limit_files(self, name: str, size: int | None) -> str:
        """Let no file of a process grow beyond so many bytes, or take that back; the incarnation that it hit."""
        if name not in self._running:
            return ""
        process, life = self._running[name]
        if process.returncode is None:
            _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))
        return life.name

    async def kill(self, name: str) -> str:
        """SIGKILL; the incarnation that got it."""
        if name not in self._running:
            return ""
        process, life = self._running.pop(name)
        life.killed = process.returncode is None
        life.code = await asyncio.to_thread(process.kill) if life.killed else process.returncode
        life.ended = self._watch.now()
        return life.name

    async def stop(self, name: str) -> str:
        """SIGTERM, and wait until it is gone; the incarnation that got it."""
        if name not in self._running:
            return ""
        process, life = self._running.pop(name)
        if process.returncode is None:
            life.asked, life.allowed_s = self._watch.now(), self._allowed_s(name)
            await asyncio.to_thread(self._terminate, process, life)
        life.code, life.ended = process.returncode, self._watch.now()
        return life.name

    async def stop_all(self) -> None:
        """Stop everything, all at once."""
        await asyncio.gather(*(self.stop(name) for name in list(self._running)))

    def kill_all(self) -> None:
        """Leave nothing behind, whatever went wrong."""
        for process, _ in self._running.values():
            if process.returncode is None:
                process.kill()

    @staticmethod
    def _terminate(process: Process, life: Life) -> None:
        try:
            process.terminate(GIVEN_UP_S)
        except AssertionError:
            life.code = process.returncode

    def _allowed_s(self, name: str) -> float:
        if name in INTAKES:
            return INTAKE_STOP_S
        slowest = max(endpoint.timeout for endpoint in self._evidence.schedule.endpoints)
        return max(DRAIN_S, slowest + 1.0) + 2.0

    def _config(self, name: str, life: Life) -> dict[str, Any]:
        schedule = self._evidence.schedule
        listen = f"{LOOPBACK}:{self._wiring.listening[name]}"
        worker = "w1" if name in INTAKES else name
        return {
            "kafka": {"bootstrap.servers": self._wiring.bootstrap(name), "reconnect.backoff.max.ms": 1000},
            "topics": {
                "events": self._topic,
                "dead_letters": f"{self._topic}.dead",
                "partitions": schedule.partitions,
            },
            "intake": {
                "listen": listen if name in INTAKES else f"{LOOPBACK}:0",
                **({"spool": {"dir": str(self._folder / f"{name}-spool")}} if schedule.spool else {}),
            },
            "worker": {
                "listen": f"{LOOPBACK}:0" if name in INTAKES else listen,
                "group_prefix": self._topic,
                "drain": f"{DRAIN_S:g}s",
            },
            "endpoints": [
                one.config(f"http://{LOOPBACK}:{self._wiring.port(f'{worker}>{one.name}')}/", life.name)
                for one in schedule.endpoints
            ],
        }
