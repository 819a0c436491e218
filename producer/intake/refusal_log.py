"""The log of refused POSTs: a line for each that is its sender's fault, and of all others one for each reason.

A 503 is nobody's fault, and each registry comes again after a second: so these are counted, and told every ten seconds.
"""

import asyncio
from typing import Final, NamedTuple

import structlog

from producer.intake.refusals import RefusedError
from runtime.http.asgi import Request
from runtime.repeated_lines import RepeatedLines

_log: Final = structlog.get_logger(__name__)

_EVENT: Final = "intake.refused"
_UNAVAILABLE: Final = 503
_LOOK_EVERY_S: Final = 0.5


class _Unavailable(NamedTuple):
    error: str
    sender: str


class RefusalLog:
    """The log of one intake."""

    def __init__(self) -> None:
        """Nothing is refused yet."""
        self._unavailable: RepeatedLines[_Unavailable] = RepeatedLines()

    def refused(self, refused: RefusedError, request: Request, hint: str = "") -> None:
        """A POST is refused.

        Args:
            refused: why.
            request: the POST.
            hint: what else whoever reads the log should know.
        """
        if refused.status == _UNAVAILABLE:
            self._unavailable.note(refused.reason, _Unavailable(str(refused), request.sender))
            return
        facts = {"path": refused.path} if refused.path else {}
        size = {} if refused.size is None else {"body_bytes": refused.size}
        _log.warning(
            _EVENT,
            status=refused.status,
            reason=refused.reason,
            error=refused.said(hint),
            sender=request.sender,
            url_path=request.path,
            **facts,
            **size,
        )

    async def run(self) -> None:
        """Log what was counted, until it is cancelled; then all that is left."""
        try:
            while True:
                await asyncio.sleep(_LOOK_EVERY_S)
                self._tell(asyncio.get_running_loop().time())
        finally:
            self._tell(float("inf"))

    def _tell(self, now: float) -> None:
        for reason, count, last in self._unavailable.due(now):
            _log.warning(
                _EVENT, status=_UNAVAILABLE, reason=reason, posts=count, error=last.error, last_sender=last.sender
            )
