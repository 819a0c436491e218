"""Acts on the endpoints of this process."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from msgspec import to_builtins

from consumer.delivery.event_sender import exchange_with
from consumer.delivery.webhook.sample_event import sample_event
from consumer.endpoint.endpoint import Endpoint
from consumer.worker.act_routes import ActRequest
from consumer.worker.pauses import Pauses
from consumer.worker.served import Served
from runtime.clock import Clock
from runtime.pauses import Pause


class ProcessActs:
    """Acts here, and by Kafka at every worker of an endpoint."""

    def __init__(self, served: Served, pauses: Pauses, clock: Clock) -> None:
        self._served: Final = served
        self._pauses: Final = pauses
        self._clock: Final = clock

    async def act(self, asked: ActRequest) -> tuple[int, Mapping[str, Any]]:
        """See `ActsOnEndpoints`."""
        endpoint = self._served.named(asked.endpoint)
        if endpoint is None:
            names = ", ".join(one.settings.name for one in self._served)
            return 404, {"error": f"no endpoint is named {asked.endpoint} here; endpoints: {names or 'none'}"}
        match asked.act:
            case "pause":
                return 200, await self._pause(endpoint, asked.reason)
            case "test":
                return 200, await self._test(endpoint)
        return 200, await self._resume(endpoint)

    async def _pause(self, endpoint: Endpoint, reason: str) -> Mapping[str, Any]:
        changed = await self._pauses.change(endpoint, Pause(int(self._clock.wall() * 1000), reason))
        return {**_state(endpoint), "changed": changed, "in_flight": endpoint.dispatcher.in_flight.requests}

    async def _resume(self, endpoint: Endpoint) -> Mapping[str, Any]:
        """End the pause if there is one; and have an open breaker probe now, here."""
        changed = await self._pauses.change(endpoint, None)
        return {**_state(endpoint), "changed": changed, "tries": endpoint.acts.try_now()}

    async def _test(self, endpoint: Endpoint) -> Mapping[str, Any]:
        """Send it a sample event, from here."""
        sample = sample_event(f"test-{uuid.uuid4()}", self._clock.wall(), self._served.settings.topics.events)
        found: dict[str, Any] = to_builtins(await exchange_with(endpoint.settings, sample, self._clock, test="sample"))
        return found


def _state(endpoint: Endpoint) -> dict[str, Any]:
    pause = endpoint.acts.pause
    members = [endpoint.log.member_id] if endpoint.log.member_id else []
    return {
        "endpoint": endpoint.settings.name,
        "members": members,
        "paused": None if pause is None else pause.as_json(),
    }
