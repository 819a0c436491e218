"""An exchange with an endpoint as lines for a person, in the manner of `curl -v`."""

from collections.abc import Iterator
from http import HTTPStatus

from consumer.delivery.webhook.exchange import WebhookExchange


def lines_of(exchange: WebhookExchange) -> Iterator[str]:
    """What was sent, what came back, and what a worker would make of it."""
    yield f"* endpoint {exchange.endpoint}: {exchange.url}{f' through {exchange.proxy}' if exchange.proxy else ''}"
    yield f"> {exchange.request_line}"
    for name, value in exchange.request_headers:
        yield f"> {name}: {value}"
    yield ">"
    yield from exchange.body.split("\n")
    if exchange.sink:
        yield "<"
    elif exchange.status is None:
        yield f"* no answer after {_duration(exchange.total_s)}: {exchange.said}"
    else:
        yield f"< {exchange.status} {_phrase(exchange.status)}".rstrip()
        for name, value in exchange.answer_headers:
            yield f"< {name}: {value}"
        yield "<"
        if exchange.answer_text:
            yield exchange.answer_text
    head = "" if exchange.head_s is None else f"head after {_duration(exchange.head_s)}, "
    yield f"* outcome: {exchange.outcome.value} ({exchange.said}; {head}all after {_duration(exchange.total_s)})"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
