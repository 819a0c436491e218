"""What can go wrong with the spool."""

from pathlib import Path

from runtime.errors import BridgeError


class SpoolError(BridgeError):
    """The spool cannot do it."""


class SpoolDiskError(SpoolError):
    """The disk failed; the same may work later."""


class SpoolFullError(SpoolDiskError):
    """There is no room for it, on the disk or below `intake.spool.max`. Nothing was written, and all else is well."""


class TooMuchAtOnceError(SpoolError):
    """One POST has more events than a transaction may have bytes."""


class SpoolDamagedError(SpoolError):
    """What is on disk is not what was written; no patience helps."""


class SpoolLockedError(SpoolError):
    """Another process has the folder."""

    def __init__(self, folder: Path, holder: str) -> None:
        super().__init__(
            f"the spool in {folder} is in use by {holder}: give each intake a folder of its own (intake.spool.dir)"
        )
        self.holder = holder
        """Which one, as it says itself."""


class SpoolRefusedError(SpoolError):
    """A record that the spool does not take now."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        """A word for the metric: `spool-full` or `spool-failed`."""
