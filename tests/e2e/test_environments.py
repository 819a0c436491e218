"""The project at the lowest versions of its dependencies, and on the newest Python of this machine."""

import subprocess

import pytest

from tests.kit.environments import Environment, environments
from tests.kit.eventually import LIMIT_S
from tests.kit.paths import ROOT

SUBJECTS = [
    "tests/unit/schemas",
    "tests/unit/runtime/cli",
    "tests/unit/runtime/config",
    "tests/unit/runtime/http",
    "tests/unit/runtime/kafka",
    "tests/unit/producer/bridge",
    "tests/unit/producer/listener",
    "tests/unit/producer/publish",
    "tests/unit/consumer/analytics/test_columns.py",
    "tests/unit/consumer/analytics/test_partition_files.py",
    "tests/unit/consumer/delivery/webhook",
    "tests/unit/consumer/endpoint",
    "tests/unit/consumer/offsets/test_commit_metadata.py",
    "tests/integration/test_webhook_client_tls.py",
]
"""What stands on a package, and what stands on details of Python; arithmetic of our own is the same everywhere."""
LARGE = (
    "what_an_event_may_hold",
    "how_many_events_an_envelope_may_hold",
    "what_no_reader_takes",
    "values_of_all_events",
    "a_fault_is_one_exact_line",
    "every_name_of_the_grammar",
)
"""What takes seconds because it is large: no version of anything changes that."""
SECONDS = 1800


@pytest.fixture(params=environments(), ids=lambda one: one.name)
def environment(request: pytest.FixtureRequest) -> Environment:
    """One that is there; `make test` has brought it already."""
    found: Environment = request.param
    found.bring()
    return found


@pytest.mark.timeout(SECONDS)
def test_unit_tests_pass(environment: Environment) -> None:
    """What the two processes are made of works there; what is drawn at random is left to this run's own Python."""
    command = [
        str(environment.python),
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not hypothesis",
        "-k",
        " and ".join(f"not {name}" for name in LARGE),
        *SUBJECTS,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("program", ["registry-bridge", "registry-worker"])
def test_commands_start(environment: Environment, program: str) -> None:
    """Each command imports all that it needs and shows its help."""
    done = subprocess.run(
        [environment.python.with_name(program), "--help"], capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: {program} ")
