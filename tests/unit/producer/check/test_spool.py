"""What `check` says of a spool's folder, without making it."""

from pathlib import Path

from producer.check.findings import Severity
from producer.check.spool import spool_findings
from producer.spool.room import SpoolRoom
from runtime.config.settings import SpoolSettings

MIB = 2**20


def texts(folder: Path, max_bytes: int = 16 * MIB) -> list[tuple[Severity, str]]:
    """The findings but for what the test machine's disk is."""
    found = spool_findings(SpoolSettings(folder=folder, max_bytes=max_bytes), max_body_bytes=MIB)
    return [(one.severity, one.text) for one in found if "tmpfs" not in one.text]


def test_a_folder_that_can_be_made(tmp_path: Path) -> None:
    """Is noted, and not made."""
    folder = tmp_path / "a" / "spool"
    assert [(Severity.NOTE, f"the folder of the spool does not exist yet; `serve` makes it: {folder}")] == texts(folder)
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Is wrong, as it would be at the start of the intake."""
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "spool"
    why = f"the folder of the spool cannot be made: {folder}: {tmp_path / 'file'} is not a folder"
    assert [(Severity.WRONG, why)] == texts(folder)


def test_the_disk_must_have_room_for_all_files(tmp_path: Path) -> None:
    """For more than `max`: the log and the reserve come on top of it."""
    assert [(Severity.OK, f"the spool in {tmp_path} holds 0 events")] == texts(tmp_path)
    _, (severity, text) = texts(tmp_path, 2**50)
    assert Severity.WARNING is severity
    assert text.endswith("and its files may take 1024 TiB with intake.spool.max 1024 TiB")
    assert 28 * MIB == SpoolRoom(16 * MIB, MIB).files_bytes
