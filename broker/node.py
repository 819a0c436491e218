"""The place of a broker in its cluster: its number, its peers, and the doors that it has beside its own listener."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from broker.ports import LOOPBACK

CLIENT: Final = "CLIENT"
CONTROLLER: Final = "CONTROLLER"


@dataclass(frozen=True, slots=True)
class Door:
    """One more listener of a broker.

    Args:
        port: where the broker listens.
        advertised: where it tells those who come by this door to come from then on: the port of a proxy, say.
    """

    port: int
    advertised: int


@dataclass(frozen=True, slots=True)
class Node:
    """One broker, which is also a controller, among others.

    Args:
        number: its `node.id`.
        controllers: the controller port of each node of the cluster, its own too, by number; none if it is alone.
        cluster_id: what the first start formats the data with; a fresh one if empty.
        doors: further listeners, by name in capital letters.
        between: the door that brokers use among themselves; their clients' listener if empty.
    """

    number: int = 1
    controllers: Mapping[int, int] = field(default_factory=dict)
    cluster_id: str = ""
    doors: Mapping[str, Door] = field(default_factory=dict)
    between: str = ""

    @property
    def controller_port(self) -> int:
        """The port of its controller; 0 if any will do."""
        return self.controllers.get(self.number, 0)

    def settings(self, client: int, controller: int) -> dict[str, str]:
        """The broker settings that follow from its place, with the ports that it has."""
        listeners = {CLIENT: client, **{name: door.port for name, door in self.doors.items()}}
        advertised = {CLIENT: client, **{name: door.advertised for name, door in self.doors.items()}}
        controllers = self.controllers or {self.number: controller}
        return {
            "node.id": str(self.number),
            "listeners": _spelled({**listeners, CONTROLLER: controller}),
            "advertised.listeners": _spelled(advertised),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in (*listeners, CONTROLLER)),
            "inter.broker.listener.name": self.between or CLIENT,
            "controller.listener.names": CONTROLLER,
            "controller.quorum.voters": ",".join(f"{n}@{LOOPBACK}:{port}" for n, port in controllers.items()),
        }


def _spelled(listeners: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in listeners.items())


SINGLE: Final = Node()
"""The only broker of its cluster."""
