"""How property tests draw: the same in each run of the suite, anew in a search, which can be repeated by its seed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.foreign_pytest import WITHOUT_PLUGINS
from tests.kit.paths import ROOT

CONFTEST = """
from tests.kit.examples import load_profiles
load_profiles()
"""
AS_IN_THE_SUITE = """
import pytest
from tests.kit.examples import import_all_of_ours
def pytest_collection_finish(session: pytest.Session) -> None:
    import_all_of_ours()
"""
DRAWS = """
import os
from pathlib import Path
from hypothesis import given, settings, strategies as st
from tests.kit.examples import examples
def test_plain():
    assert "FUZZ" not in os.environ
@settings(max_examples=examples(60, suite=20))
@given(st.integers(), st.text())
def test_draws(number, text):
    with Path("drawn").open("a") as file:
        print(number, repr(text), file=file)
"""
HIDDEN = """
from hypothesis import given, strategies as st
@given(st.integers(0, 9), st.integers(0, 300))
def test_hidden(free, number):
    assert number < 290
"""
SECOND = """
from pathlib import Path
from hypothesis import given, settings, strategies as st
@settings(max_examples=1)
@given(st.none())
def test_second(_):
    assert not Path("first").exists()
@settings(max_examples=1)
@given(st.none())
def test_first(_):
    pass
def teardown_module():
    Path("first").touch()
"""


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python in `folder`, with these variables over an environment that does not tell whether this is CI."""
    inherited = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(ROOT), **WITHOUT_PLUGINS} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def fuzz(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A search in `folder`."""
    return run(folder, "tests.kit.fuzz", *arguments, FUZZ="1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with its own property tests and our profiles."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_draws.py").write_text(DRAWS)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = ["--import-mode=importlib"]\n')
    return tmp_path


def drawn(folder: Path, module: str, *arguments: str, **environment: str) -> str:
    """What the run drew."""
    (folder / "drawn").unlink(missing_ok=True)
    done = run(folder, module, *arguments, **environment)
    assert 0 == done.returncode, done.stdout + done.stderr
    return (folder / "drawn").read_text()


def test_the_suite_draws_the_same_everywhere(folder: Path) -> None:
    """On CI or not, with whatever imported before, in any order of sets, beside whatever another run left."""
    (folder / "conftest.py").write_text(CONFTEST + AS_IN_THE_SUITE)
    first = drawn(folder, "pytest", "-q", "test_draws.py::test_draws", PYTHONHASHSEED="1")
    (folder / "test_before.py").write_text("import runtime.config, examples.demo, consumer.cli\n")
    assert 20 == len(first.splitlines())
    assert first == drawn(folder, "pytest", "-q", PYTHONHASHSEED="2", CI="true")


def test_a_search_draws_anew(folder: Path) -> None:
    """Each search has other examples, and more, and counts them; plain tests are not run."""
    once = fuzz(folder, "--seed", "7")
    said = once.stdout.splitlines()
    assert 0 == once.returncode, once.stdout + once.stderr
    assert re.fullmatch(r"round 1: seed 7, 1 property tests, 60 examples", said[-2])
    assert re.fullmatch(r"nothing found: 60 examples, rounds: 1, minutes: \d+\.\d", said[-1])
    first = (folder / "drawn").read_text()
    assert first != drawn(folder, "tests.kit.fuzz", "--minutes", "0.001", FUZZ="1")


def test_a_search_goes_on_with_other_seeds(folder: Path) -> None:
    """While there is time, another round follows, with another seed; a fault that it finds ends the search."""
    (folder / "test_second.py").write_text(SECOND)
    done = fuzz(folder, "--minutes", "60", "test_second.py")
    assert 1 == done.returncode
    rounds = re.findall(r"round (\d): seed (\d+), 2 property tests, (\d+) examples", done.stdout)
    assert ["1", "2"] == [number for number, *_ in rounds]
    assert rounds[0][1] != rounds[1][1]
    assert "2" == rounds[0][2]


def test_what_a_search_finds_can_be_repeated(folder: Path) -> None:
    """The shrunk example is printed, with the one command that finds it again."""
    (folder / "test_hidden.py").write_text(HIDDEN)
    found = fuzz(folder, "--minutes", "1", "test_hidden.py")
    assert 1 == found.returncode
    assert "number=290" in found.stdout
    match = re.search(r"a property test failed; the same again: make fuzz SEED=(\d+) ARGS=(\S+)\n", found.stderr)
    assert match, found.stderr
    again = fuzz(folder, "--seed", match[1], "--", match[2])
    assert 1 == again.returncode
    assert f"round 1: seed {match[1]}, 1 property tests" in again.stdout
    assert "number=290" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-k", "plain"), "no property test was run"),
        (("absent.py",), r"pytest ended with exit 4; the same again: make fuzz SEED=\d+ ARGS=absent\.py"),
    ],
)
def test_a_search_for_nothing_is_no_success(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    """A search that ran no property test says so."""
    done = fuzz(folder, "--seed", "1", "--", *arguments)
    assert 1 == done.returncode
    assert re.search(said, done.stderr)
