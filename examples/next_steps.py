"""What `make run` prints when all is up: how to go on. Each command works as it stands, where `make` was typed."""

import shlex
import sys
from pathlib import Path

from examples.children import shown
from examples.home import Home, reachable
from runtime.config import Settings

NEXT = """
Point a registry at it, in the registry's own configuration (a registry in a container needs this machine's address):

notifications:
  endpoints:
    - name: bridge
      url: http://{intake}{path}
      headers:
        Authorization: ["{authorization}"]
      timeout: 5s
      threshold: 5
      backoff: 1s

Look at it:
  http://{worker}/   http://{worker}/metrics   http://{intake}/metrics
  {worker_command} status -c {config}
  {worker_command} tail -c {config}
Send the sample events of a registry 3 again:
  {bridge_command} publish -c {config} examples/events.jsonl
To change it, edit {config} (the file is kept) and check it; then stop this run and start it again:
  {bridge_command} check -c {config}
To make your own bridge, copy the example:
  cp bridge.example.yaml bridge.yaml
More: docs/quick-start.md, and docs/README.md, which lists all pages in reading order
"""


def next_steps(home: Home, settings: Settings) -> str:
    """The text for this run's folder and addresses."""
    programs = shlex.quote(shown(Path(sys.executable).parent))
    variables = "".join(f"{name}={shlex.quote(value)} " for name, value in home.variables.items())
    return NEXT.format(
        intake=reachable(settings.intake.listen),
        worker=reachable(settings.worker.listen),
        path=settings.intake.path,
        authorization=authorization(settings),
        config=shlex.quote(shown(home.config)),
        bridge_command=f"{variables}{programs}/registry-bridge",
        worker_command=f"{variables}{programs}/registry-worker",
    )


def authorization(settings: Settings) -> str:
    """An Authorization value that the intake takes; empty if it asks for none."""
    allowed = settings.intake.authorization
    return allowed[0].reveal() if allowed else ""
