"""What `check` finds of the intake's spool: what it holds, and whether its disk is fit. Changes nothing in it."""

from collections.abc import Iterator

from producer.check.findings import Finding, Severity
from producer.spool.database import FILE, LOG
from producer.spool.directory import doubt_of_file_system, file_bytes, free_bytes, standing_folder
from producer.spool.errors import SpoolError, SpoolLockedError
from producer.spool.inspection import held_events
from producer.spool.reserve import DiskReserve
from producer.spool.room import SpoolRoom
from runtime.config.settings import SpoolSettings
from runtime.counts import counted
from runtime.units import format_size, rounded_size


def spool_findings(spool: SpoolSettings, *, max_body_bytes: int) -> Iterator[Finding]:
    """A finding each on what it holds, on its file system, and on the room that is left."""
    try:
        standing = standing_folder(spool.folder)
        if spool.folder.exists():
            yield _held(spool)
        else:
            text = f"the folder of the spool does not exist yet; `serve` makes it: {spool.folder}"
            yield Finding(Severity.NOTE, text)
        if doubt := doubt_of_file_system(standing):
            yield Finding(Severity.WARNING, f"the spool in {spool.folder}: {doubt}")
        own = file_bytes(*(spool.folder / name for name in (FILE, LOG)), DiskReserve(spool.folder).file)
        room, left = SpoolRoom(spool.max_bytes, max_body_bytes), free_bytes(standing) + own
        if left < room.files_bytes:
            yield Finding(Severity.WARNING, _shortage(room, left))
    except SpoolError as error:
        yield Finding(Severity.WRONG, str(error))
    except OSError as error:
        yield Finding(Severity.WRONG, f"the folder of the spool cannot be looked at: {spool.folder}: {error.strerror}")


def _held(spool: SpoolSettings) -> Finding:
    try:
        held = held_events(spool.folder)
    except SpoolLockedError as error:
        shows = "`registry-worker status` shows what it holds"
        return Finding(Severity.OK, f"the spool in {spool.folder} is in use by {error.holder}; {shows}")
    return Finding(Severity.OK, f"the spool in {spool.folder} holds {counted(held, 'event')}")


def _shortage(room: SpoolRoom, left_bytes: int) -> str:
    has = f"the disk of the spool has room for {rounded_size(left_bytes)}"
    takes = f"its files may take {rounded_size(room.files_bytes)} with intake.spool.max {format_size(room.max_bytes)}"
    return f"{has}, and {takes}"
