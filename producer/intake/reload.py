"""The reload of an intake: what it takes of new settings while it runs.

That is what a POST must show, the sources, and the endpoints: those that are new get their cursor, so that no event
from now on is missed. Whatever else changed waits for a restart.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from runtime.config.comparison import SOURCES, changed_keys, listener_keys, process_values
from runtime.config.crosschecks import loops
from runtime.config.faults import ConfigurationError
from runtime.config.sections import UNGUARDED, is_unguarded
from runtime.config.settings import IntakeSettings, Settings
from runtime.http.server_tls import ServerTLS, use_files
from runtime.reloading.reloadable import Reloaded

_USED: Final = ("kafka.", "topics.", "schema_registry.", "intake.", "worker.group_prefix", "worker.drain", "tracing.")
"""How the keys begin that an intake uses."""
_TAKEN: Final = frozenset({"intake.authorization"})
"""Keys that are taken, beside those of sources and of the listener's certificate."""


class Admits(Protocol):
    """Asks for what a POST must show."""

    def admit_by(self, settings: IntakeSettings) -> None:
        """Ask for what these settings say from now on."""


class RegistersEndpoints(Protocol):
    """Gives endpoints that are new their cursor."""

    def register(self, settings: Settings) -> None:
        """Do so soon, for those of these settings."""


class IntakeReload:
    """A `Reloadable`: one intake process."""

    def __init__(self, settings: Settings, door: Admits, log: RegistersEndpoints, tls: ServerTLS | None) -> None:
        """These settings are in force.

        Args:
            settings: of the start.
            door: is told of the authorization and the sources.
            log: is told of the endpoints.
            tls: of the listener.
        """
        self._tls: Final = tls
        self._settings = settings
        self._door: Final = door
        self._log: Final = log

    async def reload(self, settings: Settings) -> Reloaded:
        """See `Reloadable`.

        Raises:
            ConfigurationError: see `taken_of`; or a file of the listener cannot be used.
        """
        done, taken = reloaded(self._settings, settings), taken_of(self._settings, settings)
        await use_files(self._tls, "intake", settings.intake.tls)
        self._settings = taken
        self._door.admit_by(self._settings.intake)
        self._log.register(self._settings)
        return done


def taken_of(before: Settings, after: Settings) -> Settings:
    """What a running intake takes of new settings.

    Raises:
        ConfigurationError: that does not fit to what is kept, such as its address: the file was judged with its own.
    """
    new = after.intake
    tls = new.tls if before.intake.tls and new.tls else before.intake.tls
    intake = replace(before.intake, authorization=new.authorization, is_open=new.is_open, sources=new.sources, tls=tls)
    faults = [f"intake.authorization: {intake.listen} {UNGUARDED}"] if is_unguarded(intake) else []
    if faults := faults + loops(after.endpoints, intake):
        raise ConfigurationError(faults)
    return replace(before, intake=intake, endpoints=after.endpoints)


def reloaded(before: Settings, after: Settings) -> Reloaded:
    """What becomes of new settings."""
    changed = [key for key in changed_keys(process_values(before), process_values(after)) if key.startswith(_USED)]
    keys = _TAKEN | (listener_keys("intake") if before.intake.tls and after.intake.tls else frozenset())
    taken = [key for key in changed if key in keys or key.startswith(SOURCES)]
    facts: dict[str, Any] = {"changed": taken, **_endpoints(before, after)}
    return Reloaded(facts, [key for key in changed if key not in taken])


def _endpoints(before: Settings, after: Settings) -> dict[str, Sequence[str]]:
    known = {endpoint.name for endpoint in before.endpoints}
    new = [endpoint.name for endpoint in after.endpoints if endpoint.name not in known]
    return {"new_endpoints": new} if new else {}
