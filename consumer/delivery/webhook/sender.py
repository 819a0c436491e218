"""From deliveries to one POST: render in the endpoint's format, stamp and sign the attempt, send."""

from typing import Final

from consumer.delivery.policy.outcome import Result
from consumer.delivery.webhook.client import Client, client_of
from consumer.delivery.webhook.formats import Sendable, UnsendableError, kind_of, request_of
from consumer.delivery.webhook.signing import Signer
from consumer.lanes.delivery import Delivery
from consumer.lanes.lanes import Lanes
from consumer.log.decoding import event_of
from runtime.clock import Clock
from runtime.config import EndpointSettings
from runtime.config.endpoint_settings import WebhookFormat


class Sender:
    """Sends the deliveries of one endpoint."""

    def __init__(self, client: Client, signer: Signer, clock: Clock, format_: WebhookFormat = "registry") -> None:
        """`format_` is what events are sent as; `clock` stamps each attempt."""
        self._format: Final = format_
        self._client: Final = client
        self._signer: Final = signer
        self._clock: Final = clock

    def kind(self, delivery: Delivery) -> object:
        """Deliveries go into one batch only if this is equal."""
        return kind_of(_sendable(delivery), self._format)

    async def send(self, deliveries: list[Delivery]) -> Result:
        """POST them in one request.

        Raises:
            UnsendableError: no request can be made of them.
        """
        try:
            request = request_of([_sendable(delivery) for delivery in deliveries], self._format)
        except (ValueError, TypeError) as error:
            raise UnsendableError(f"no request can be built: {type(error).__name__}: {error}") from error
        return await self._client.send(request, self._signer.headers(request, self._clock.wall()))

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()


def _sendable(delivery: Delivery) -> Sendable:
    """Record and event, decoded now if only its bytes were kept; it was decodable when it was admitted."""
    if delivery.event is None:
        delivery.event = event_of(delivery.record)
    return delivery.record, delivery.event


def sender_of(endpoint: EndpointSettings, clock: Clock) -> Sender:
    """What POSTs to an endpoint: its address, format, headers and signatures.

    Raises:
        ClientSettingsError: its address, headers, certificates or proxy cannot be used.
    """
    secrets = [secret.reveal() for secret in endpoint.signing.secrets] if endpoint.signing else []
    return Sender(client_of(endpoint), Signer(secrets), clock, endpoint.format)


def lanes_of(settings: EndpointSettings, sender: Sender) -> Lanes:
    """Empty lanes, in the order and with the batches of the endpoint."""
    return Lanes(
        ordered=settings.ordering == "repository",
        max_events=settings.batch.max_events,
        linger_s=settings.batch.linger_s,
        kinds=sender,
    )
