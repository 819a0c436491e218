"""What a spool's events and its files may take on disk: `intake.spool.max`, and what comes on top of it. Pure."""

from dataclasses import dataclass
from typing import Final

PAGE_BYTES: Final = 4096
CHECKPOINT_BYTES: Final = 2**20
"""The log is written back to the database when a commit has made it longer than this."""
RESERVE_BYTES: Final = 2 * 2**20
"""Kept free, by a file of this size: on a disk that is full, rows can only be removed if the log has room for that."""
_OF_TREE_BYTES: Final = 16 * PAGE_BYTES
_OF_A_BODY: Final = 8
"""Bytes of the log for each byte of the largest POST: its records are up to 3 times as large, its pages twice that."""


def most_taken_by(content_bytes: int) -> int:
    """The most bytes of the database that rows of so much content take: pages may be half empty, and some are inner."""
    return 2 * content_bytes + _OF_TREE_BYTES


@dataclass(frozen=True, slots=True)
class SpoolRoom:
    """The room of one spool, in bytes."""

    max_bytes: int
    """What the events may take: the largest database."""
    max_body_bytes: int

    @property
    def pages(self) -> int:
        """What the database may take, in pages."""
        return self.max_bytes // PAGE_BYTES

    @property
    def log_bytes(self) -> int:
        """What the write-ahead log may take; a few MiB as a rule, and so much after the largest POST."""
        return 2 * CHECKPOINT_BYTES + _OF_A_BODY * self.max_body_bytes

    @property
    def files_bytes(self) -> int:
        """What all files together may take: the database, its log and the reserve."""
        return self.max_bytes + self.log_bytes + RESERVE_BYTES

    @property
    def transaction_bytes(self) -> int:
        """The most content that one transaction may write: half of what the log has room for, as pages are not full."""
        return (self.log_bytes - CHECKPOINT_BYTES) // 2
