"""A real Prometheus that scrapes processes of a test every second, and evaluates our alert rules."""

import json
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from broker.ports import LOOPBACK, free_port
from tests.kit.child import Child
from tests.kit.debian import find
from tests.kit.eventually import LIMIT_S
from tests.kit.monitoring import RULES
from tests.kit.running import Running


class Prometheus(Running):
    """It keeps its data in `folder` and scrapes these addresses, by job."""

    def __init__(self, folder: Path, targets: Mapping[str, list[str]]) -> None:
        """Not started yet."""
        self._folder = folder
        self._targets = targets
        self._address = f"{LOOPBACK}:{free_port()}"
        self._child: Child | None = None

    def begin(self) -> None:
        """Starts the process."""
        scrapes = [{"job_name": job, "static_configs": [{"targets": places}]} for job, places in self._targets.items()]
        often = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        content = {"global": often, "rule_files": [str(RULES)], "scrape_configs": scrapes}
        (self._folder / "prometheus.yaml").write_text(yaml.safe_dump(content))
        program = find("prometheus")
        assert program is not None
        options = ["--config.file=prometheus.yaml", "--storage.tsdb.path=data", f"--web.listen-address={self._address}"]
        self._child = Child([program, *options], folder=self._folder, log=self._log)

    def is_up(self) -> bool:
        """Whether it answers."""
        if self._child is not None and (died := self._child.died()):
            raise RuntimeError(died)
        try:
            self.ask("status/runtimeinfo")
        except OSError:  # nobody listens yet, or nobody answers
            return False
        return True

    def stop(self) -> None:
        """Ends it."""
        if self._child is not None:
            self._child.kill()

    def report(self) -> str:
        """What it has said."""
        return self._log.read_text()

    def ask(self, question: str, **parameters: str) -> Any:
        """An answer of its API; HTTPError if it refuses, for example a query that no data fits."""
        url = f"http://{self._address}/api/v1/{question}?{urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
            return json.load(answer)["data"]

    def query(self, text: str) -> list[Any]:
        """The series of an instant query."""
        found = self.ask("query", query=text)["result"]
        assert isinstance(found, list)
        return found

    @property
    def _log(self) -> Path:
        return self._folder / "prometheus.log"
