"""The wheel and the sdist, built and used as somebody does who has nothing else of the project."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Sequence
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.kit.paths import ROOT

pytestmark = pytest.mark.timeout(1800)  # a build, a type check and a run of pytest are slow on a busy machine

USER = """
from typing import assert_type

from producer import Bridge, KafkaSink, Manifest, RegistryURLBuilder, Sink, SinkClosed, listen, request_from_asgi
from consumer import EventRejectedError, EventSink, Record, RecordSink, SinkUnavailableError, Worker
from schemas import ActorRecord, Descriptor, Event, RequestRecord, SourceRecord

sink = KafkaSink({"bootstrap.servers": "127.0.0.1:9092"}, topic="registry.events", registry="eu")
bridge = Bridge(
    RegistryURLBuilder("https://registry.example.com"),
    SourceRecord(addr="registry:5000", instance_id="1"),
    ActorRecord(name="alice"),
    RequestRecord(id="1", method="PUT"),
    sink,
    include_references=True,
)
bridge.manifest_pushed("library/app", Manifest("application/vnd.oci.image.manifest.v1+json", b"{}"), tag="latest")
bridge.blob_mounted("library/app", Descriptor(digest="sha256:00", size=1), "library/base")


class Remembering:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        raise SinkClosed


kept: Sink = Remembering()
assert_type(Event().target.repository, str)
assert_type(request_from_asgi({}), RequestRecord)
listen


class Placed:
    async def write(self, event: Event, record: Record) -> None:
        if record.offset:
            raise EventRejectedError(record.place)
        raise SinkUnavailableError("away", retry_after=1.5)

    async def close(self) -> None: ...


of_worker: EventSink = Remembering()
placed: RecordSink = Placed()
worker = Worker("bridge.yaml", endpoints=["audit"], sinks={"audit": Placed})


async def main() -> None:
    assert_type(await worker.catch_up(timeout=1), bool)
    await worker.deliver()
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both, built from this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The wheel."""
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment of its own with the wheel, and with our dependencies but not our checkout."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
    place = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True)
    (Path(place.strip()) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def run(command: Sequence[str | Path], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Runs it there, as a user who has set nothing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def checking(installed: Path) -> list[str]:
    """Mypy in strict mode, for files of somebody who has this Python; both its users here read the same packages."""
    home = installed.parent.parent
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(home / "types")]
    return [*mypy, "--python-executable", str(installed)]


def test_a_users_file_type_checks(installed: Path, tmp_path: Path) -> None:
    """Mypy in strict mode knows the types of all that a registry in Python uses, and finds a wrong one."""
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "wrong.py").write_text(USER + "bridge.repo_deleted(1)\nWorker(5)\n")
    done = run([*checking(installed), "user.py", "wrong.py"], tmp_path)
    *faults, result = done.stdout.splitlines()
    assert [fault.startswith("wrong.py:") and fault.endswith("[arg-type]") for fault in faults] == [True, True], done
    assert (1, "Found 2 errors in 1 file (checked 2 source files)") == (done.returncode, result), done


def test_the_sinks_of_the_page_type_check(installed: Path, tmp_path: Path) -> None:
    """What a reader copies from docs/python-sinks.md is what mypy in strict mode takes, and so is the example."""
    page = (ROOT / "docs" / "python-sinks.md").read_text("utf-8")
    shown = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    shown.append((ROOT / "examples" / "audit_to_sqlite" / "audit.py").read_text("utf-8"))
    files = [f"shown_{number}.py" for number in range(len(shown))]
    for name, text in zip(files, shown, strict=True):
        (tmp_path / name).write_text(text, "utf-8")
    done = run([*checking(installed), *files], tmp_path)
    assert done.stdout == f"Success: no issues found in {len(files)} source files\n"


@pytest.mark.parametrize("package", ["consumer", "producer", "runtime", "schemas"])
def test_each_package_is_marked_as_typed(wheel: Path, package: str) -> None:
    """The marker of PEP 561 is in the wheel."""
    assert f"{package}/py.typed" in zipfile.ZipFile(wheel).namelist()


def test_the_wheel_holds_the_four_packages(wheel: Path) -> None:
    """What users import and run, and neither tests nor the local broker."""
    names = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {"consumer", "producer", "runtime", "schemas"} == {name for name in names if not name.endswith(".dist-info")}


@pytest.mark.parametrize("program", ["registry-bridge", "registry-worker"])
def test_the_commands_run(installed: Path, tmp_path: Path, program: str) -> None:
    """Both are there and come from the wheel."""
    done = run([installed.with_name(program), "--version"], tmp_path)
    assert (0, "") == (done.returncode, done.stderr)


def test_the_example_is_a_configuration(installed: Path, tmp_path: Path) -> None:
    """`registry-bridge example > bridge.yaml` gives the sample of the repository, but for where its schema is."""
    done = run([installed.with_name("registry-bridge"), "example"], tmp_path)
    assert (0, "") == (done.returncode, done.stderr)
    head, rest = done.stdout.split("\n", 1)
    assert (ROOT / "bridge.example.yaml").read_text("utf-8").split("\n", 1)[1] == rest
    assert "# yaml-language-server: $schema=bridge.schema.json" == head
    schema = run([installed.with_name("registry-bridge"), "example", "--schema"], tmp_path)
    assert (ROOT / "docs" / "bridge.schema.json").read_text("utf-8") == schema.stdout
    (tmp_path / "bridge.yaml").write_text(done.stdout)
    checked = run([installed.with_name("registry-bridge"), "check", "--offline"], tmp_path)
    assert 0 == checked.returncode, checked


@pytest.mark.parametrize("name", ["schemas", "runtime"])
@pytest.mark.parametrize("form", ["{}.py", "{}/__init__.py"])
def test_a_users_file_that_hides_a_package_is_named(installed: Path, tmp_path: Path, name: str, form: str) -> None:
    """A file of that name beside a program comes first in Python's search: the error names it and what to do."""
    hiding = tmp_path / form.format(name)
    hiding.parent.mkdir(exist_ok=True)
    hiding.write_text("")
    (tmp_path / "program.py").write_text("from producer import Bridge\n")
    done = run([installed, "program.py"], tmp_path)
    assert 1 == done.returncode
    assert f"ImportError: '{name}' is {hiding.resolve()}, and not the package of registry-event-bridge" in done.stderr
    assert "rename it" in done.stderr


def metadata(wheel: Path) -> Message:
    """What the wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def test_metadata(wheel: Path) -> None:
    """Classifiers, the README as Markdown, and a client that is capped where its next minor release may break us."""
    told = metadata(wheel)
    assert {"Typing :: Typed", "Programming Language :: Python :: 3.11"} <= set(told.get_all("Classifier", []))
    assert "text/markdown" == told["Description-Content-Type"]
    assert "# Registry event bridge" in str(told.get_payload())
    wants = {one.name: one for one in map(Requirement, told.get_all("Requires-Dist", []))}
    assert not wants["pyreqwest"].specifier.contains("0.16")
    assert wants["pyruhvro"].marker is not None
    assert not wants["pyruhvro"].marker.evaluate({"extra": "analytics"})


def files_below(folder: Path) -> set[str]:
    """Paths of all files but of compiled ones, which others may be writing now, under names of the moment."""
    found = (file for file in folder.rglob("*") if "__pycache__" not in file.parts and file.is_file())
    return {str(file.relative_to(folder)) for file in found}


def test_the_sdist_can_run_its_tests(dist: Path, tmp_path: Path) -> None:
    """Unpacked, it has all files that are here, and the tests which look at files pass."""
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert files_below(ROOT / "tests") <= files_below(folder / "tests")
    names = ("test_docs.py", "test_containers.py", "test_packaging.py", "test_fixtures.py", "test_golden.py")
    looking = [str(file) for name in names for file in (folder / "tests").rglob(name)]
    passed = run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-n", "0", *looking], folder)
    assert 0 == passed.returncode, passed.stdout[-3000:]
    counted = re.search(r"(\d+) passed", passed.stdout)
    assert counted
    assert int(counted[1]) > 100
    code = "import schemas; print(schemas.__file__)"
    assert str(folder) in run([sys.executable, "-c", code], folder).stdout, "it was the sdist that was tested"
