"""How an endpoint's answer is shown: the first KiB of its body, without the endpoint's secrets, safe to print. Pure.

An endpoint may answer with what it was sent, headers included. So secrets are masked here, where the answer comes in,
and not where it is shown.
"""

import base64
import codecs
import html
import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from runtime.cli.terminal import printable
from runtime.config import EndpointSettings
from runtime.config.secrets import MASK

SHOWN_BYTES: Final = 1024
"""Of an answer's body."""
_SHORTEST_VALUE: Final = 4
_SHORTEST_WORD: Final = 6
"""Characters: shorter ones stand in many an answer by chance, and would make it unreadable."""


class AnswerText:
    """Shows the answers of one endpoint."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets` are what must not be shown, as it is or as JSON, HTML or a URL would have it."""
        written = {form.encode() for secret in secrets for form in _forms(secret)}
        self._secrets: Final = sorted(written, key=len, reverse=True)  # one may be a part of another
        self.reads: Final = SHOWN_BYTES + max(map(len, self._secrets), default=0)
        """Bytes of a body that `of` needs: a secret at the end of what is shown must be seen whole."""
        self._mask: Final = MASK.encode()
        self._last: tuple[bytes, str] = b"", ""

    def of(self, begun: bytes | bytearray) -> str:
        """The text of a body that begins like this; the same object for the same body as before."""
        if begun != self._last[0]:
            self._last = bytes(begun), self._shown(bytes(begun))
        return self._last[1]

    def _shown(self, begun: bytes) -> str:
        for secret in self._secrets:
            begun = begun.replace(secret, self._mask)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        return printable(decoder.decode(begun[:SHOWN_BYTES]))  # a character that is cut at the end is left out


def secrets_of(endpoint: EndpointSettings) -> list[str]:
    """What an answer of this endpoint must not show: header values, user info, queries, and secrets to sign with."""
    values = [secret.reveal() for _, secret in endpoint.headers]
    values += [secret.reveal() for secret in endpoint.signing.secrets] if endpoint.signing else []
    values += _secrets_of_url(endpoint.url)
    values += _secrets_of_url(endpoint.proxy.reveal()) if endpoint.proxy else []
    words = {word for value in values for word in value.split()[1:] if len(word) >= _SHORTEST_WORD}  # Bearer is none
    return sorted({value for value in values if len(value) >= _SHORTEST_VALUE} | words)


def _secrets_of_url(url: str) -> list[str]:
    """User info, also as the header that it becomes, and the query, whole and by value."""
    parts = urlsplit(url)
    user_info = parts.netloc.rpartition("@")[0]
    user, _, password = map(unquote, user_info.partition(":"))
    basic = base64.b64encode(f"{user}:{password}".encode()).decode() if user_info else ""
    return [user_info, password, basic, parts.query, *(value for _, value in parse_qsl(parts.query))]


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield html.escape(secret)
    yield quote(secret, safe="")
