"""Words of a command line that match nothing are told on standard error: a slip of the pen is no silence."""

from pathlib import Path

import pytest

from broker import LocalKafka
from schemas.actions import KNOWN_ACTIONS
from tests.kit.bridge import Finished, Installation, endpoint
from tests.kit.notifications import envelopes

pytestmark = pytest.mark.kafka

NOWHERE = "http://127.0.0.1:9/hook"
KNOWN = f"known: {KNOWN_ACTIONS}"
NAMES = "a repository's name has components of a-z 0-9 with . _ - between them, separated by single slashes"


@pytest.fixture(scope="module")
def setup(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A log with pushes of four repositories, both topics, and no dead letter."""
    ends = [endpoint("ci", NOWHERE)]
    made = Installation(kafka.bootstrap, "test-words", tmp_path_factory.mktemp("words"), endpoints=ends)
    made.publish(*envelopes(4, 5))
    return made


def told(done: Finished) -> list[str]:
    """The lines on standard error, of a command that ends with 0."""
    assert 0 == done.code, done.stderr
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--action", "puhs"),
            [f"warning: no event has action puhs; {KNOWN}", "no event in the log matches --action puhs"],
        ),
        (("--action", "delete"), ["no event in the log matches --action delete"]),
        (("--repository", "taem/*"), ["no event in the log matches --repository 'taem/*'"]),
        (
            ("--repository", "Team/*/"),
            [
                f"warning: --repository 'Team/*/' matches nothing: {NAMES}",
                "no event in the log matches --repository 'Team/*/'",
            ],
        ),
        (("--registry", "eu", "--action", "push"), ["no event in the log matches --action push --registry eu"]),
        (("--from", "end"), ["no event from there on"]),
        (("--from", "beginning", "--registry", "eu"), ["no event from there on matches --registry eu"]),
        (("--repository", "team/*"), []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_tail(setup: Installation, options: tuple[str, ...], said: list[str]) -> None:
    """What can never match is a warning, what has no hit is said; the exit status stays 0."""
    assert [f"registry-worker: {line}" for line in said] == told(setup.run_worker("tail", *options))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--action", "puhs"),
            [f"warning: no event has action puhs; {KNOWN}", "no event of the range matches --action puhs"],
        ),
        (("--id", "nobody"), ["no event of the range matches --id nobody"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_replay(setup: Installation, options: tuple[str, ...], said: list[str], more: tuple[str, ...]) -> None:
    """Counting and delivering say the same."""
    done = setup.run_worker("replay", "--endpoint", "ci", "--from", "beginning", *options, *more)
    lines = [line for line in told(done) if "replay 2" not in line]
    assert [f"registry-worker: {line}" for line in said] == lines


def test_dead_letters(setup: Installation) -> None:
    """None at all, or none that is meant."""
    assert ["registry-worker: no open dead letters"] == told(setup.run_worker("dead-letters", "list"))
    narrowed = setup.run_worker("dead-letters", "list", "--endpoint", "ci", "--id", "no such")
    assert ["registry-worker: no open dead letter matches --endpoint ci --id 'no such'"] == told(narrowed)


def test_report(setup: Installation) -> None:
    """Each glob without a hit, and a tag that nobody pulls; what can never match before all."""
    options = ("--repository", "taem/*", "--repository", "team/*", "--tag", "v*")
    first, *rest = told(setup.run_worker("report", *options))
    assert first.startswith(
        "registry-worker: warning: --tag 'v*' matches nothing: it is compared exactly, and a tag has"
    )
    assert [
        "registry-worker: no repository of these events matches --repository 'taem/*'",
        "registry-worker: none of these events is a pull of --tag 'v*'",
    ] == rest


EVENTS = {
    "tail": ("tail",),
    "tail --follow": ("tail", "--follow"),
    "tail --from": ("tail", "--from", "beginning"),
    "status": ("status",),
    "explain": ("explain", "0:0"),
    "replay": ("replay", "--endpoint", "ci", "--from", "beginning"),
    "rewind": ("rewind", "--endpoint", "ci", "--to", "beginning"),
    "export": ("export", "--format", "ndjson", "--output", "{}"),
    "report": ("report",),
}


@pytest.mark.parametrize("name", EVENTS)
def test_a_mistyped_events_topic(setup: Installation, tmp_path: Path, name: str) -> None:
    """Each command that reads the log says that there is no such topic: one line, exit 1."""
    arguments = [argument.format(tmp_path / "out") for argument in EVENTS[name]]
    assert_no_topic(mistyped(setup, tmp_path, "events").run_worker(*arguments), "test-wrods")


@pytest.mark.parametrize("name", ["list", "show", "redrive", "discard"])
def test_a_mistyped_dead_letter_topic(setup: Installation, tmp_path: Path, name: str) -> None:
    """Likewise each command that reads dead letters: none found there would be no news."""
    assert_no_topic(mistyped(setup, tmp_path, "dead_letters").run_worker("dead-letters", name), "test-wrods")


def mistyped(setup: Installation, folder: Path, key: str) -> Installation:
    """The same with another name for one topic."""
    names = {"events": setup.topic, "dead_letters": setup.dead_letters, key: "test-wrods"}
    return Installation(setup.bootstrap, setup.topic, folder, endpoints=setup.endpoints, sections={"topics": names})


def assert_no_topic(done: Finished, name: str) -> None:
    """It failed with this one line."""
    line = f"registry-worker: topic {name} does not exist (registry-bridge init creates it)"
    assert (1, [line]) == (done.code, done.stderr.splitlines())
