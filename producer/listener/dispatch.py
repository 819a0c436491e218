"""How a decorated service calls its Listener, and what becomes of the Listener's errors. Knows no service."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from producer.listener.protocol import Listener
from producer.listener.repository import Named
from producer.listener.steps import BlockingCall

__all__ = ["Dispatch"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The Listener to call, and the repository it is called for."""

    listener: Listener
    repository: Named

    def report(self, call: Callable[..., None], *arguments: Any) -> BlockingCall:
        """Call it; what goes wrong is logged."""
        return BlockingCall(partial(self._quietly, call, self.repository.name, *arguments))

    def insist(self, call: Callable[..., None], name: str, *arguments: Any) -> BlockingCall:
        """Call it; what goes wrong is logged and raised."""
        return BlockingCall(partial(self._call_logged, call, name, *arguments))

    def _quietly(self, call: Callable[..., None], name: str, *arguments: Any) -> None:
        with suppress(Exception):  # logged by _call_logged; the registry's work was done and stays done
            self._call_logged(call, name, *arguments)

    def _call_logged(self, call: Callable[..., None], name: str, *arguments: Any) -> None:
        try:
            call(name, *arguments)
        except Exception as error:
            _log.error("listener.failed", call=getattr(call, "__name__", repr(call)), repository=name, error=str(error))
            raise
