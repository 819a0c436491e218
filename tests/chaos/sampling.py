"""Asks every process again and again whether it is ready and what lag it knows of; directly, by no link."""

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Final

from tests.chaos.facts import ANSWER_S, Evidence, Sample
from tests.chaos.http_client import HttpClient, NoAnswerError
from tests.chaos.plan import INTAKES
from tests.chaos.programs import Programs
from tests.chaos.stopwatch import Stopwatch
from tests.chaos.wiring import Wiring

EVERY_S: Final = 0.5
LAG: Final = re.compile(rb'^registry_worker_lag\{endpoint="([^"]+)"\} ([0-9.e+]+)$', re.MULTILINE)


class Sampling:
    """Writes samples of the processes that should run."""

    def __init__(self, programs: Programs, wiring: Wiring, evidence: Evidence, watch: Stopwatch) -> None:
        self._programs = programs
        self._wiring = wiring
        self._evidence = evidence
        self._watch = watch
        self._sampled = asyncio.Condition()
        self.latest: dict[str, Sample] = {}
        """The last one of each process."""

    async def ready(self, lives: Sequence[str]) -> None:
        """Return when all of these are ready."""
        async with self._sampled:
            await self._sampled.wait_for(lambda: all(life in self.latest and self.latest[life].ready for life in lives))

    async def next_round(self) -> None:
        """Return when all were asked once more."""
        async with self._sampled:
            await self._sampled.wait()

    def all_quiet(self, since: int) -> bool:
        """Whether by their latest samples, which are not among the first `since`, all are ready and know of no lag."""
        fresh = self._evidence.samples[since:]
        lives = set(self._programs.running.values())
        told = {sample.process for sample in fresh if sample.ready and not any(sample.lag.values())}
        return lives <= told and all(self._is_quiet(life) for life in lives)

    def _is_quiet(self, life: str) -> bool:
        latest = self.latest.get(life)
        return latest is not None and bool(latest.ready) and not any(latest.lag.values())

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            running = self._programs.running
            samples = await asyncio.gather(*(self._ask(name, life) for name, life in running.items()))
            self.latest = {sample.process: sample for sample in samples}
            self._evidence.samples.extend(samples)
            async with self._sampled:
                self._sampled.notify_all()
            await asyncio.sleep(EVERY_S)

    async def _ask(self, name: str, life: str) -> Sample:
        at = self._watch.now()
        client = HttpClient(self._wiring.listening[name])
        try:
            status, body = await client.request("GET", "/readyz", limit_s=ANSWER_S)
            lag = {} if name in INTAKES else await self._lag(client)
        except NoAnswerError:
            return Sample(at, life, None)
        finally:
            client.close()
        reasons = "; ".join(json.loads(body).get("reasons", []))
        return Sample(at, life, status == 200, reasons, lag)

    @staticmethod
    async def _lag(client: HttpClient) -> dict[str, float]:
        _, text = await client.request("GET", "/metrics", limit_s=ANSWER_S)
        return {name.decode(): float(value) for name, value in LAG.findall(text)}
