"""The endpoints that a worker serves now, and the settings in force: a reload of the configuration changes both.

Whoever watches the endpoints looks here at each turn, and keeps nothing of one that is gone.
"""

from collections.abc import Iterable, Iterator

from consumer.endpoint.endpoint import Endpoint
from runtime.config import Settings


class Served:
    """The endpoints, in the configuration's order. Any thread may look; the event loop changes it."""

    def __init__(self, settings: Settings, endpoints: Iterable[Endpoint]) -> None:
        """Serves these first."""
        self.settings = settings
        """Those in force, of all endpoints, served here or not."""
        self._by_name = {endpoint.settings.name: endpoint for endpoint in endpoints}

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(tuple(self._by_name.values()))

    def __len__(self) -> int:
        return len(self._by_name)

    def named(self, name: str) -> Endpoint | None:
        """The endpoint of this name, if it is served here."""
        return self._by_name.get(name)

    def replace(self, endpoints: Iterable[Endpoint]) -> None:
        """Serve these from now on."""
        self._by_name = {endpoint.settings.name: endpoint for endpoint in endpoints}
