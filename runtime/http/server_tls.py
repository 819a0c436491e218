"""TLS of a server of ours while it runs: its files are read anew when they change, and no connection is lost for that.

Certificates are renewed every few weeks, by programs that only write files: whoever connects next is shown the new one.
"""

import asyncio
import ssl
from typing import Final

import structlog

from runtime.config.faults import ConfigurationError
from runtime.config.listener_tls import ListenerFileError, ListenerTLS, server_context
from runtime.reloading.file_watch import Contents, contents_of
from runtime.side_threads import beside

_log: Final = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 5.0


class ServerTLS:
    """What a server's next connections are shown."""

    def __init__(self, settings: ListenerTLS, *, every_s: float = _LOOK_EVERY_S) -> None:
        """Reads the files; looks at them again every `every_s` seconds while it watches.

        Raises:
            ListenerFileError: one cannot be used; loading the configuration finds that before.
        """
        self._every_s: Final = every_s
        self._settings = settings
        self._read: Contents = contents_of(settings.files)
        self.context: ssl.SSLContext = server_context(settings)
        """For connections from now on."""

    async def use(self, settings: ListenerTLS) -> None:
        """Use these files, as they are now.

        Raises:
            ListenerFileError: one cannot be used; those of before are.
        """
        self.context = await beside(server_context, settings)
        self._settings = settings
        self._read = await beside(contents_of, settings.files)

    async def watch(self) -> None:
        """Use files that have changed, for ever; a change that was seen twice is whole."""
        seen = self._read
        while True:
            await asyncio.sleep(self._every_s)
            found = await beside(contents_of, self._settings.files)
            if found == seen and found != self._read:
                await self._use_changed(found)
            seen = found

    async def _use_changed(self, found: Contents) -> None:
        self._read = found
        try:
            self.context = await beside(server_context, self._settings)
        except ListenerFileError as error:
            consequence = "the certificate of before is shown"
            _log.error("tls.not_reloaded", key=error.key, fault=error.fault, consequence=consequence)
        else:
            _log.info("tls.reloaded", cert=str(self._settings.cert))


def server_tls(settings: ListenerTLS | None) -> ServerTLS | None:
    """That of a listener, if it has any; raises as `ServerTLS` does."""
    return None if settings is None else ServerTLS(settings)


async def use_files(tls: ServerTLS | None, section: str, settings: ListenerTLS | None) -> None:
    """Use the files of new settings, as they are now.

    Raises:
        ConfigurationError: one cannot be used; `section` is where the settings stand.
    """
    if tls is None or settings is None:
        return
    try:
        await tls.use(settings)
    except ListenerFileError as error:
        raise ConfigurationError([f"{section}.tls.{error.key}: {error.fault}"]) from None
