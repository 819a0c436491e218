"""The thread that shows that a run lives: it renews the lease several times within its length."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from consumer.analytics.files import FailedWriteError
from consumer.analytics.objects.bucket import StorageError
from consumer.analytics.objects.lease import Lease

_log: Final = structlog.get_logger(__name__)

_WITHIN: Final = 3
"""How often the lease is renewed within its length."""


@contextmanager
def renewing(lease: Lease, lease_s: float) -> Iterator[None]:
    """Renew a lease as long as the `with` lasts, or until it is lost; what is published then says so."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(lease_s / _WITHIN):
            try:
                lease.renew()
            except StorageError as error:
                _log.warning("export.lock_not_renewed", reason=str(error), consequence="another export may take over")
            except FailedWriteError:
                return

    thread = threading.Thread(target=run, name="export-lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
