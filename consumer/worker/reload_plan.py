"""What a reload means for the endpoints that a worker serves. Pure.

An endpoint whose settings are equal is not touched. One that only shows itself otherwise (headers, signatures,
certificates, proxy, networks) keeps its consumer, its breaker and what it knows of its events: its next requests are
sent otherwise. Any other change needs a new beginning from the cursor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from runtime.config import EndpointSettings, Settings
from runtime.config.comparison import changed_keys, endpoint_values, listener_keys, process_values
from runtime.config.crosschecks import impatient, loops, outlived
from runtime.config.faults import ConfigurationError

_USED: Final = ("kafka.", "topics.", "schema_registry.", "worker.", "tracing.", "intake.max_body")
"""How the keys begin that a worker uses beside its endpoints; they keep their values while it runs."""
_TAKEN: Final = frozenset({"worker.authorization", "worker.allow_networks", "worker.deny_networks"})
"""All of these but some: who may act, and what is a setting of its endpoints too."""


@dataclass(frozen=True, slots=True)
class ReloadPlan:
    """What becomes of each endpoint, in the configuration's order."""

    wanted: Sequence[EndpointSettings]
    """All that are to be served."""
    added: Sequence[EndpointSettings]
    changed: Sequence[EndpointSettings]
    """Begin anew, when they have drained."""
    refreshed: Sequence[EndpointSettings]
    """Send otherwise, and go on."""
    removed: Sequence[str]
    """Drain, and leave."""
    unknown: Sequence[str]
    """Names that the file did not have before: they need a cursor, wherever they are served."""
    keys: dict[str, list[str]]
    """By endpoint, of those that are changed or refreshed: the keys that differ."""

    def facts(self) -> dict[str, Any]:
        """For the log."""
        return {"added": [one.name for one in self.added], "removed": list(self.removed), "changed": self.keys}


def chosen(settings: Settings, names: Sequence[str]) -> list[EndpointSettings]:
    """The endpoints that a worker serves: those of these names, or all, that are enabled."""
    return [one for one in settings.endpoints if not one.disabled and (not names or one.name in names)]


def plan_of(
    running: Iterable[EndpointSettings], before_it: Settings, after: Settings, names: Sequence[str]
) -> ReloadPlan:
    """What is to be done so that a worker serves what it should.

    Args:
        running: the endpoints that it serves.
        before_it: the settings that are in force.
        after: those that will be.
        names: of the endpoints that it is to serve; empty: all.
    """
    wanted = chosen(after, names)
    known = {one.name for one in before_it.endpoints}
    before = {one.name: one for one in running}
    differing = [one for one in wanted if one.name in before and one != before[one.name]]
    refreshed = [one for one in differing if _sends_the_same(before[one.name], one)]
    kept = {one.name for one in wanted}
    return ReloadPlan(
        wanted,
        added=[one for one in wanted if one.name not in before],
        changed=[one for one in differing if one not in refreshed],
        refreshed=refreshed,
        removed=[name for name in before if name not in kept],
        unknown=[one.name for one in after.endpoints if one.name not in known],
        keys={one.name: changed_keys(endpoint_values(before[one.name]), endpoint_values(one)) for one in differing},
    )


def restart_keys(before: Settings, after: Settings) -> list[str]:
    """The keys whose values change with a restart of the worker only."""
    changed = changed_keys(process_values(before), process_values(after))
    return needs_restart(changed, has_tls=before.worker.tls is not None and after.worker.tls is not None)


def needs_restart(changed: Iterable[str], *, has_tls: bool) -> list[str]:
    """Those of these keys that a running worker does not take; `has_tls` says whether both configurations have TLS."""
    taken = _TAKEN | (listener_keys("worker") if has_tls else frozenset())
    return [key for key in changed if key.startswith(_USED) and key not in taken]


def is_shown_otherwise(key: str) -> bool:
    """Whether a change of this key of an endpoint needs no new beginning: see `_sends_the_same`."""
    return key.startswith(("headers.", "signing.", "tls.", "proxy", "worker."))


def taken_of(before: Settings, after: Settings) -> Settings:
    """What a running worker takes of new settings: the endpoints, where they may be, and its listener's files.

    Raises:
        ConfigurationError: these endpoints do not fit to what is kept.
    """
    tls = after.worker.tls if before.worker.tls and after.worker.tls else before.worker.tls
    new = after.worker
    worker = replace(
        before.worker, authorization=new.authorization, is_open=new.is_open, networks=new.networks, tls=tls
    )
    kept = impatient(before.kafka, worker, after.endpoints) + outlived(before.topics, after.endpoints)
    if faults := kept + loops(after.endpoints, before.intake):
        raise ConfigurationError(faults)
    return replace(before, worker=worker, endpoints=after.endpoints)


def _sends_the_same(before: EndpointSettings, after: EndpointSettings) -> bool:
    shown = replace(before, headers=after.headers, signing=after.signing, tls=after.tls, proxy=after.proxy)
    return replace(shown, networks=after.networks) == after
