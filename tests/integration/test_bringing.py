"""Java programs are brought whole and unchanged or not at all, once, from a Maven repository over HTTP."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from broker.jars import INCOMING
from broker.lock import Coordinate, LockedFile, parse
from broker.ports import LOOPBACK, free_port
from tests.kit.maven_repository import MavenRepository, bringing, write_lock
from tests.kit.paths import ROOT

A = Coordinate("org.example", "a", "1.0")
B = Coordinate("org.example", "b", "2.0")
CONTENT = b"a jar" * 10_000
SECONDS = 300.0


@pytest.fixture
def repository() -> Iterator[MavenRepository]:
    """A Maven repository that answers on the loopback."""
    repository = MavenRepository()
    with repository:
        yield repository


def store(home: Path) -> Path:
    """The user's Maven repository."""
    return home / ".m2" / "repository"


def left(home: Path) -> set[str]:
    """The files in the user's Maven repository, without the one that is locked meanwhile."""
    files = (file.relative_to(store(home)) for file in store(home).rglob("*") if file.is_file())
    return {str(file) for file in files if file != Path(INCOMING, "lock")}


def brought(lock: Path, environment: dict[str, str]) -> tuple[int, list[str], list[str]]:
    """The exit status, standard output and standard error of a process that brings what a lock names."""
    process = bringing(lock, environment)
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out.splitlines(), err.splitlines()


def test_a_second_run_asks_nobody(repository: MavenRepository, tmp_path: Path) -> None:
    """What is brought is told in one line with its size; from then on nothing is told, and no network is needed."""
    home = tmp_path / "home"
    lock = write_lock(tmp_path / "lock.toml", repository.add(A, CONTENT), repository.add(B, b"b"))
    environment = repository.environment(home)
    paths = [str(store(home) / one.path) for one in (A, B)]
    told = [f"Sample 1.0: 2 files, 0.1 MB, to {store(home)}"]
    assert (0, paths, told) == brought(lock, environment)
    assert {str(A.path), str(B.path)} == left(home)
    nowhere = repository.environment(home, port=free_port())
    assert (0, paths, []) == brought(lock, nowhere)


def test_another_content_is_refused(repository: MavenRepository, tmp_path: Path) -> None:
    """A file that is not the locked one is one line with both checksums, and is not kept."""
    locked = repository.add(A, CONTENT)
    changed = repository.add(A, CONTENT[:-1] + b"!")
    status, _, told = brought(write_lock(tmp_path / "lock.toml", locked), repository.environment(tmp_path / "home"))
    expected = f"{A} came with another content: its SHA-256 is {changed.sha256}, the lock says {locked.sha256}"
    assert (1, expected) == (status, told[-1])
    assert set() == left(tmp_path / "home")


def test_a_file_that_was_changed_later_is_refused(repository: MavenRepository, tmp_path: Path) -> None:
    """A file is held against the lock at each use, so what happened to it on the disk is told, with what to do."""
    home, locked = tmp_path / "home", repository.add(A, CONTENT)
    lock, environment = write_lock(tmp_path / "lock.toml", locked), repository.environment(home)
    assert 0 == brought(lock, environment)[0]
    path = store(home) / A.path
    path.write_bytes(CONTENT[:-1])
    status, _, told = brought(lock, environment)
    assert 1 == status
    differs = f"its SHA-256 is {LockedFile.of(A, path).sha256}, the lock says {locked.sha256}"
    assert [f"{path} has another content: {differs}; remove the file"] == told


def test_half_a_file_is_none(repository: MavenRepository, tmp_path: Path) -> None:
    """A connection that ends early is tried again; if it does not get better, nothing is kept, and a later run can."""
    home, locked = tmp_path / "home", repository.add(A, CONTENT)
    lock, environment = write_lock(tmp_path / "lock.toml", locked), repository.environment(home)
    repository.short.add(str(A.path))
    status, _, told = brought(lock, environment)
    assert 1 == status
    assert told[-1].startswith(f"cannot bring {A}: ")
    assert 3 == repository.asked.count(str(A.path))
    assert set() == left(home)
    repository.short.clear()
    assert 0 == brought(lock, environment)[0]


def test_a_killed_run_leaves_nothing_that_looks_complete(repository: MavenRepository, tmp_path: Path) -> None:
    """After SIGKILL within a download the next run brings the file anew."""
    home, lock = tmp_path / "home", write_lock(tmp_path / "lock.toml", repository.add(A, CONTENT))
    environment = repository.environment(home)
    repository.held.clear()
    with bringing(lock, environment) as killed:
        assert repository.holds.wait(SECONDS)
        killed.kill()
    assert not (store(home) / A.path).exists()
    repository.held.set()
    assert 0 == brought(lock, environment)[0]
    assert {str(A.path)} == left(home)


def test_of_several_at_once_one_brings(repository: MavenRepository, tmp_path: Path) -> None:
    """Processes that want the same file at the same time all get it, and it is asked for once."""
    lock = write_lock(tmp_path / "lock.toml", repository.add(A, CONTENT))
    environment = repository.environment(tmp_path / "home")
    repository.held.clear()
    processes = [bringing(lock, environment) for _ in range(3)]
    for process in processes:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Sample 1.0: 1 file,")  # none of them has found it there
    assert repository.holds.wait(SECONDS)
    repository.held.set()
    for process in processes:
        process.communicate(timeout=SECONDS)
    assert [0, 0, 0] == [process.returncode for process in processes]
    assert 1 == repository.asked.count(str(A.path))


def test_says_why_nothing_can_be_brought(repository: MavenRepository, tmp_path: Path) -> None:
    """Without a network the last line says what, why, from where, and how a mirror is named."""
    lock, port = write_lock(tmp_path / "lock.toml", repository.add(A, CONTENT)), free_port()
    status, _, told = brought(lock, repository.environment(tmp_path / "home", port=port))
    assert 1 == status
    assert told[-1] == (
        f"cannot bring {A}: [Errno 111] Connection refused, from {LOOPBACK}:{port} "
        "(a mirror is named in ~/.config/jgo.conf, section [repositories], as central = URL)"
    )


def test_says_what_a_repository_does_not_have(repository: MavenRepository, tmp_path: Path) -> None:
    """A file that the repository does not give is named."""
    lock = write_lock(tmp_path / "lock.toml", replace(repository.add(A, CONTENT), coordinate=B))
    status, _, told = brought(lock, repository.environment(tmp_path / "home"))
    assert 1 == status
    assert told[-1].startswith(f"cannot bring {B}: {LOOPBACK}:{repository.port} does not give it (")


def test_says_that_nothing_can_be_written(repository: MavenRepository, tmp_path: Path) -> None:
    """A repository that cannot be made names the variable that chooses another one."""
    lock = write_lock(tmp_path / "lock.toml", repository.add(A, CONTENT))
    (tmp_path / "file").touch()
    environment = {**repository.environment(tmp_path / "home"), "M2_REPO": str(tmp_path / "file")}
    told = f"{tmp_path / 'file'} cannot be written to (Not a directory); M2_REPO can name another folder for the jars"
    status, _, err = brought(lock, environment)
    assert (1, told) == (status, err[-1])


def test_a_lock_is_written_for_what_it_wants(repository: MavenRepository, tmp_path: Path) -> None:
    """What is needed to run comes with it, in the versions that its own description says; what tests it does not."""
    managed = Coordinate("org.example", "bom", "9")
    tested = Coordinate("org.example", "tested", "1")
    b = repository.add(B, b"b")
    a = repository.add(A, CONTENT, {B: "runtime", tested: "test", managed: "provided"})
    path = tmp_path / "lock.toml"
    path.write_text(f'wanted = ["{A}"]\n')
    command = [sys.executable, "-m", "broker", "lock", str(path)]
    environment = repository.environment(tmp_path / "home")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    lock = parse(path)
    assert ((A,), (a, b)) == (lock.wanted, lock.files)
    assert set() == left(tmp_path / "home")


def test_a_lock_that_cannot_be_written_stays(repository: MavenRepository, tmp_path: Path) -> None:
    """A description that cannot be had, of whatever is needed, is one line, and the lock is as it was."""
    repository.add(A, CONTENT, {B: "compile"})
    path = write_lock(tmp_path / "lock.toml", LockedFile(A, 1, "0" * 64))
    before = path.read_text()
    command = [sys.executable, "-m", "broker", "lock", str(path)]
    environment = repository.environment(tmp_path / "home")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    assert done.stderr.startswith(f"Error: cannot resolve {A}: {LOOPBACK}:{repository.port} does not give it (")
    assert 1 == len(done.stderr.splitlines())
    assert before == path.read_text()
