"""What `check` finds of the intake's spool: what it holds, and whether its disk is fit. Changes nothing in it."""

import os
from collections.abc import Iterator

from producer.check.findings import Finding, Severity
from producer.spool.database import FILE, LOG
from producer.spool.directory import doubt_of_file_system, file_bytes, free_bytes
from producer.spool.errors import SpoolError, SpoolLockedError
from producer.spool.inspection import held_events
from runtime.config.settings import SpoolSettings
from runtime.counts import counted
from runtime.spool_status import shown_size


def spool_findings(spool: SpoolSettings) -> Iterator[Finding]:
    """A finding each on what it holds, on its file system, and on the room that is left."""
    folder = spool.folder
    try:
        if not folder.exists():
            yield Finding(Severity.NOTE, f"the folder of the spool does not exist yet; `serve` makes it: {folder}")
            folder = next(parent for parent in folder.resolve().parents if parent.exists())
        else:
            yield _held(spool)
        if doubt := doubt_of_file_system(folder):
            yield Finding(Severity.WARNING, f"the spool in {spool.folder}: {doubt}")
        free = free_bytes(folder) + file_bytes(folder / FILE, folder / LOG)
        if free < spool.max_bytes:
            left = f"the disk of the spool has room for {shown_size(free)}"
            yield Finding(Severity.WARNING, f"{left}, and intake.spool.max is {shown_size(spool.max_bytes)}")
    except OSError as error:
        yield Finding(Severity.WRONG, f"the folder of the spool cannot be looked at: {folder}: {error.strerror}")


def _held(spool: SpoolSettings) -> Finding:
    if not os.access(spool.folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding(Severity.WRONG, f"the folder of the spool cannot be written to: {spool.folder}")
    try:
        held = held_events(spool.folder)
    except SpoolLockedError as error:
        shows = "`registry-worker status` shows what it holds"
        return Finding(Severity.OK, f"the spool in {spool.folder} is in use by {error.holder}; {shows}")
    except SpoolError as error:
        return Finding(Severity.WRONG, str(error))
    return Finding(Severity.OK, f"the spool in {spool.folder} holds {counted(held, 'event')}")
