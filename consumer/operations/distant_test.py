"""A test of an endpoint from the machine of a worker: the first that can be asked sends the sample event."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from consumer.delivery.webhook.exchange import WebhookExchange
from consumer.operations.log_view import LogView
from consumer.operations.workers import places_of
from runtime.config import Address, EndpointSettings, Settings
from runtime.errors import BridgeError
from runtime.http.get_json import NoAnswerError, post

_OK: Final = 200
_GRACE_S: Final = 10.0


class NotTestedError(BridgeError):
    """No worker sent it."""


def tested_from_worker(
    settings: Settings, view: LogView, endpoint: EndpointSettings, workers: Sequence[Address]
) -> tuple[Address, WebhookExchange]:
    """The worker that sent it, and the exchange. `workers` are the only ones to be asked, if there are any.

    Raises:
        NotTestedError: why none did.
    """
    places = places_of(workers or [settings.worker.listen], view.members([endpoint]), discovers=not workers)
    path, reasons = f"/endpoints/{quote(endpoint.name, safe='')}/test", list(places.unreachable.values())
    for address in places.addresses:
        try:
            answer = post(
                address,
                path,
                {},
                authorization=next(iter(settings.worker.authorization), None),
                limit_s=endpoint.timeout_s + _GRACE_S,
                tls=settings.worker.tls,
            )
            if answer.status == _OK:
                return address, msgspec.convert(answer.content, WebhookExchange)
            error = answer.content.get("error") if isinstance(answer.content, dict) else None
            reasons.append(f"{address} answered {answer.status}{f': {error}' if error else ''}")
        except NoAnswerError as error:
            reasons.append(str(error))
        except msgspec.ValidationError:
            reasons.append(f"{address} did not answer as a worker")
    raise NotTestedError(f"no worker sent the event: {'; '.join(reasons)}")
