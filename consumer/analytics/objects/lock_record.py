"""The content of the lock's object: who holds it, for how long without a sign, and what may still appear. Pure."""

from typing import Annotated, Final

import msgspec

LONGEST_LEASE_S: Final = 86_400.0
"""Whoever waits for a lock waits no longer."""


class LockRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One state of the lock; no two are equal, so that each has a version of its own."""

    owner: str
    """Of one run, made up at its start."""
    holder: str
    """The same for people: host and process."""
    serial: int
    """How many states of this owner came before."""
    lease_s: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_LEASE_S)]
    """The owner shows itself more often than this."""
    is_released: bool = False
    announced: tuple[str, ...] = ()
    """Paths of files that may still appear, each announced before the first request that could make it."""


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(LockRecord)


def written(record: LockRecord) -> bytes:
    """The record as an object's content."""
    return _encoder.encode(record)


def lock_in(content: bytes) -> LockRecord | None:
    """The record in an object; None if it is something else."""
    try:
        return _decoder.decode(content)
    except msgspec.MsgspecError:
        return None
