"""From deliveries to one POST: render in the endpoint's format, stamp and sign the attempt, send.

Large ones are rendered beside the event loop.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from consumer.delivery.owner import Room
from consumer.delivery.policy.outcome import Result
from consumer.delivery.webhook.client import client_of
from consumer.delivery.webhook.formats import Sendable, UnsendableError, kind_of, request_of
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.delivery.webhook.limited_client import Client
from consumer.delivery.webhook.request import WebhookRequest
from consumer.delivery.webhook.signing import Signer
from consumer.lanes.delivery import Delivery
from consumer.lanes.screening import LARGE
from consumer.log.decoding import event_of
from consumer.record import Record
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.config.endpoint_settings import WebhookForm

_Post = tuple[WebhookRequest, Mapping[str, str]]
"""A request, and the headers of this attempt."""


class Sender:
    """Sends the deliveries of one endpoint."""

    def __init__(
        self,
        client: Client,
        signer: Signer,
        clock: Clock,
        form: WebhookForm = "registry",
        events: LargeEvents | None = None,
    ) -> None:
        """Nothing is sent yet.

        Args:
            client: POSTs.
            signer: signs.
            clock: stamps each attempt.
            form: what events are sent as.
            events: reads and renders the large ones; all senders of a process share it.
        """
        self.large_events: Final = events or LargeEvents()
        self._form: Final = form
        self._client: Final = client
        self._signer: Final = signer
        self._clock: Final = clock

    def kind(self, delivery: Delivery) -> object:
        """Deliveries go into one batch only if this is equal; a large one goes alone."""
        return delivery.record.place if _is_large(delivery) else kind_of(_sendable(delivery), self._form)

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """POST them in one request.

        Args:
            deliveries: one or more of one kind.
            room: that was taken for the body.

        Raises:
            UnsendableError: no request can be made of them.
        """
        if _is_large(deliveries[0]):  # and so alone
            record = deliveries[0].record
            request, headers = await self.large_events.begin(record, partial(self._of_large, record))
        else:
            request, headers = self._of_batch(deliveries)
        if room is not None:
            room.keep(len(request.body))
        return await self._client.send(request, headers)

    def _of_batch(self, deliveries: list[Delivery]) -> _Post:
        return self._built(lambda: request_of([_sendable(delivery) for delivery in deliveries], self._form))

    def _of_large(self, record: Record) -> _Post:
        """On the thread of large events."""
        return self._built(lambda: self.large_events.request(record, self._form))

    def _built(self, build: Callable[[], WebhookRequest]) -> _Post:
        try:
            request = build()
        except (ValueError, TypeError) as error:
            raise UnsendableError(f"no request can be built: {type(error).__name__}: {error}") from error
        return request, self._signer.headers(request, self._clock.wall())

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()


def _is_large(delivery: Delivery) -> bool:
    return delivery.record.size > LARGE


def _sendable(delivery: Delivery) -> Sendable:
    """Record and event, decoded now if only its bytes were kept; it was decodable when it was admitted."""
    if delivery.event is None:
        delivery.event = event_of(delivery.record)
    return delivery.record, delivery.event


def sender_of(endpoint: EndpointSettings, clock: Clock, events: LargeEvents | None = None) -> Sender:
    """What POSTs to an endpoint: its address, format, headers and signatures; `events` as `Sender` has them.

    Raises:
        ClientSettingsError: its address, headers, certificates or proxy cannot be used.
    """
    return Sender(client_of(endpoint, clock), signer_of(endpoint), clock, endpoint.form, events)


def signer_of(endpoint: EndpointSettings) -> Signer:
    """What signs requests to an endpoint; with nothing, if it has no secrets."""
    signing = endpoint.signing
    return Signer([secret.reveal() for secret in signing.secrets], signing.scheme) if signing else Signer()
