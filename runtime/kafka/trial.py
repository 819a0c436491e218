"""What Kafka's client library refuses of its settings, found out before anything is done. Connects to nothing.

A property is tried by itself in a configuration that no client can be made of. What only shows in the settings as a
whole (combinations, certificates) is tried by making a client of each kind, without brokers, and letting it go: some
milliseconds, most of them OpenSSL's.
"""

import logging
import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from runtime.kafka.settings import ClientSettings, admin_settings, consumer_settings, producer_settings
from runtime.kafka.writer import message_timeout_s

_NO_PROPERTY: Final = "no.property.of.the.client"
"""Set last: a configuration in which all else was taken ends with its refusal."""
_CLIENT_ID: Final = "trial"
_MASK: Final = "***"
_QUOTED_VALUE: Final = re.compile(r"\bvalue (?:\".*\"|\S+) (?=is outside |for configuration )", re.IGNORECASE)
_OUR_WORDS: Final = re.compile(r"^Failed to create [a-z ]+: ")
_MECHANISM: Final = "SASL mechanism"
_OAUTH: Final = "sasl.oauthbearer."

_silent: Final = logging.getLogger("librdkafka.trial")
_silent.disabled = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the library says of settings that it does not take."""

    name: str
    """The property, as it was given; empty if the library names none of those given."""
    text: str
    """One line of the library's words, secrets masked."""


def property_refusal(name: str, value: str, *, secret: bool) -> str | None:
    """What the library says of one property by itself; None if it takes it.

    Args:
        name: the property.
        value: as text.
        secret: whether no part of the value may be repeated.
    """
    tried: dict[str, Any] = {name: value, _NO_PROPERTY: "", "logger": _silent}
    text = _refusal(lambda: Producer(tried))
    assert text is not None  # no client can be made of a property that is none
    if f'"{_NO_PROPERTY}"' in text:
        return None
    return _masked(text, [value]) if secret else text


def refusals(
    settings: ClientSettings,
    *,
    max_record_bytes: int,
    write_limit_s: float,
    secrets: Collection[str],
) -> list[Refusal]:
    """What the library says of settings as a whole, of which it takes each by itself.

    Args:
        settings: librdkafka settings, as clients of ours get them.
        max_record_bytes: the largest record that the clients must take.
        write_limit_s: how long the most impatient writer waits for its records.
        secrets: values that may not be repeated.
    """
    found: dict[Refusal, None] = {}  # in order, each once: kinds of clients have most of their checks in common
    alone = {name: value for name, value in settings.items() if name != "bootstrap.servers"}
    if "oauth_cb" in alone:  # a program's own, which would go over the network too
        alone["oauth_cb"] = _no_token
    for make in _attempts(alone, max_record_bytes, write_limit_s):
        if text := _refusal(make):
            plain = _OUR_WORDS.sub("", text)
            found[Refusal(_named(plain, settings), _masked(plain, secrets))] = None
    return list(found)


def _attempts(settings: ClientSettings, max_record_bytes: int, write_limit_s: float) -> Iterator[Callable[[], Any]]:
    """What makes a client of each kind, and one that signs in by OpenID Connect, which would ask for its token."""
    signs_in = str(settings.get(f"{_OAUTH}method", "")).lower() == "oidc"
    plain = {name: value for name, value in settings.items() if not (signs_in and name.startswith(_OAUTH))}
    yield lambda: Producer(_producer(plain, max_record_bytes, write_limit_s))
    yield lambda: AdminClient(admin_settings(plain, client_id=_CLIENT_ID) | {"logger": _silent})
    yield lambda: Consumer(_consumer(plain, max_record_bytes)).close()
    if signs_in:
        yield lambda: Producer(_producer(settings, max_record_bytes, write_limit_s) | {"oauth_cb": _no_token})


def _producer(settings: ClientSettings, max_record_bytes: int, write_limit_s: float) -> dict[str, Any]:
    made = producer_settings(
        settings,
        client_id=_CLIENT_ID,
        max_record_bytes=max_record_bytes,
        message_timeout_s=message_timeout_s(write_limit_s),
    )
    return made | {"logger": _silent}


def _consumer(settings: ClientSettings, max_record_bytes: int) -> dict[str, Any]:
    made = consumer_settings(settings, client_id=_CLIENT_ID, group=_CLIENT_ID, max_record_bytes=max_record_bytes)
    return made | {"logger": _silent}


def _no_token(_: str) -> tuple[str, float]:
    """In place of the library's own way to a token, which would go over the network."""
    return "", time.time() + 60


def _refusal(make: Callable[[], Any]) -> str | None:
    """The library's words, on one line; None if it makes it."""
    try:
        make()
    except KafkaException as error:
        cause = error.args[0]
        return _on_one_line(cause.str() if isinstance(cause, KafkaError) else str(cause))
    except (TypeError, ValueError) as error:  # of the Python part of the library
        return _on_one_line(str(error))
    return None


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _named(text: str, settings: ClientSettings) -> str:
    """The first property in these words that was given."""
    given = sorted(settings, key=len, reverse=True)
    found = re.search("|".join(rf"(?<![\w.]){re.escape(name)}(?![\w.]*\w)" for name in given), text) if given else None
    if found:
        return found[0]
    return next((name for name in settings if _MECHANISM in text and name.startswith("sasl.mechanism")), "")


def _masked(text: str, secrets: Collection[str]) -> str:
    text = _QUOTED_VALUE.sub(f"value {_MASK} ", text)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", lambda _: _MASK, text)
    return text
