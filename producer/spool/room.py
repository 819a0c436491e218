"""How `intake.spool.max` is divided between SQLite's two files, so that together they never take more. Pure."""

from dataclasses import dataclass
from typing import Final

PAGE_BYTES: Final = 4096
CHECKPOINT_BYTES: Final = 2**20
"""The log is written back to the database when a commit has made it longer than this."""
_OF_A_BODY: Final = 8
"""Bytes of the log for each byte of the largest POST: its records are up to 3 times as large, its pages twice that."""


@dataclass(frozen=True, slots=True)
class SpoolRoom:
    """The room of one spool, in bytes."""

    max_bytes: int
    max_body_bytes: int

    @property
    def log_bytes(self) -> int:
        """What the write-ahead log may take."""
        return 2 * CHECKPOINT_BYTES + _OF_A_BODY * self.max_body_bytes

    @property
    def pages(self) -> int:
        """What the database may take, in pages."""
        return max(1, (self.max_bytes - self.log_bytes) // PAGE_BYTES)

    @property
    def transaction_bytes(self) -> int:
        """The most content that one transaction may write: half of what the log has room for, as pages are not full."""
        return (self.log_bytes - CHECKPOINT_BYTES) // 2
