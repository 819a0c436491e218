"""Where an intake listens: at one address for everything, or as one of several processes that share it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from producer.intake.intake import Intake
from runtime.config.addresses import Address
from runtime.http.asgi import Route, application
from runtime.http.bindings import TcpBinding
from runtime.http.server import Server
from runtime.http.server_tls import ServerTLS
from runtime.processes.forwarding import forwarded_routes
from runtime.processes.slot import ChildSlot, SlotBinding, parent_pages
from runtime.spool_status import PATH as SPOOL_PATH

_OF_ALL: Final = ("/livez", "/readyz", "/metrics", SPOOL_PATH)
"""Pages that are about the whole intake, whichever process is asked."""


class Doors(Protocol):
    """Opens what an intake listens at."""

    @property
    def tls(self) -> ServerTLS | None:
        """Of what registries POST to; None: plain HTTP."""
        ...

    def servers(
        self, intake: Intake, events: Sequence[Route], pages: Sequence[Route], *, drain_s: float
    ) -> Sequence[Server]:
        """The servers, which take their places now.

        Args:
            intake: learns what is refused.
            events: routes for registries and readers.
            pages: routes about this process.
            drain_s: how long requests under way may take at the end, in seconds.

        Raises:
            AddressTakenError: a place is not to be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class OwnDoor:
    """Everything at one address, of this process alone."""

    listen: Address
    tls: ServerTLS | None = None
    """Of what listens there; None: plain HTTP."""

    def servers(
        self, intake: Intake, events: Sequence[Route], pages: Sequence[Route], *, drain_s: float
    ) -> Sequence[Server]:
        """One: see `Doors`."""
        app = application([*events, *pages], intake)
        return [Server(app, TcpBinding(self.listen, tls=self.tls), drain_s=drain_s, observer=intake)]


@dataclass(frozen=True, slots=True)
class SharedDoor:
    """An address that all processes of an intake share; this one's own pages are at its slot, for the parent."""

    listen: Address
    slot: ChildSlot
    tls: ServerTLS | None = None
    """Of the address; the parent asks at the slot without."""

    def servers(
        self, intake: Intake, events: Sequence[Route], pages: Sequence[Route], *, drain_s: float
    ) -> Sequence[Server]:
        """Two, the slot's as the last, which says that this process is up: see `Doors`."""
        app = application([*events, *forwarded_routes(parent_pages(self.slot.folder), _OF_ALL)], intake)
        shared = TcpBinding(self.listen, is_shared=True, tls=self.tls)
        return [
            Server(app, shared, drain_s=drain_s, observer=intake),
            Server(application(pages), SlotBinding(self.slot), drain_s=drain_s),
        ]
