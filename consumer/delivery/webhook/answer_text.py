"""How an endpoint's answer is shown: the first KiB of its body, without the endpoint's secrets, safe to print. Pure.

An endpoint may answer with what it was sent, headers included. So secrets are masked here, where the answer comes in,
and not where it is shown.
"""

import base64
import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from consumer.delivery.webhook.written_forms import LONGEST_FORM, needles_of, spans_of
from runtime.cli.terminal import printable
from runtime.config import EndpointSettings
from runtime.config.secrets import MASK
from runtime.standard_webhooks import encoded_key

SHOWN_BYTES: Final = 1024
"""Of an answer's body."""
_SHORTEST_VALUE: Final = 4
_SHORTEST_WORD: Final = 6
"""Characters: shorter ones stand in many an answer by chance, and would make it unreadable."""


class AnswerText:
    """Shows the answers of one endpoint."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets` are what must not be shown, however it is written: see `written_forms`."""
        self._needles: Final = needles_of(secrets)
        self.reads: Final = SHOWN_BYTES + LONGEST_FORM * max(map(len, self._needles), default=0)
        """Bytes of a body that `of` needs: a secret at the end of what is shown must be seen whole."""
        self._mask: Final = MASK.encode()
        self._last: tuple[bytes, str] = b"", ""

    def of(self, begun: bytes | bytearray) -> str:
        """The text of a body that begins like this; the same object for the same body as before."""
        if begun != self._last[0]:
            self._last = bytes(begun), self._shown(bytes(begun))
        return self._last[1]

    def _shown(self, begun: bytes) -> str:
        shown, done = b"", 0
        for start, end in spans_of(self._needles, begun) if self._needles else []:
            if start >= SHOWN_BYTES:
                break
            shown += begun[done:start] + self._mask
            done = end
        # Not a byte of what stands after the first KiB: a secret may be there that is not read to its end.
        shown = (shown + begun[done:SHOWN_BYTES])[:SHOWN_BYTES]
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        return printable(decoder.decode(shown))  # a character that is cut at the end is left out


def secrets_of(endpoint: EndpointSettings) -> list[str]:
    """What an answer must not show: header values, secrets to sign with, those of a template, of a URL and its path."""
    values = [secret.reveal() for _, secret in endpoint.headers]
    signing = [secret.reveal() for secret in endpoint.signing.secrets] if endpoint.signing else []
    values += [secret.reveal() for secret in endpoint.template.secrets] if endpoint.template else []
    values += signing + [encoded_key(secret) for secret in signing]
    values += _secrets_of_url(endpoint.url)
    values += _secrets_of_path(urlsplit(endpoint.url).path, urlsplit(endpoint.safe_url).path)
    values += _secrets_of_url(endpoint.proxy.reveal()) if endpoint.proxy else []
    words = {word for value in values for word in _words(value) if len(word) >= _SHORTEST_WORD}
    return sorted({value for value in values if len(value) >= _SHORTEST_VALUE} | words)


def _words(value: str) -> Iterator[str]:
    """The parts of a header's value that are secrets by themselves: tokens, values of parameters, a password."""
    words = value.split()
    yield from words[1:]  # the first is a scheme, or the value itself
    yield from re.findall(r"=\s*\"?([^;,&\"\s]+)", value)
    if words and words[0].lower() == "basic":
        yield from _user_info(words[1:])


def _user_info(words: Iterable[str]) -> Iterator[str]:
    """User and password, and the password, of a header in HTTP's basic authentication (RFC 7617)."""
    for word in words:
        try:
            pair = base64.b64decode(word, validate=True).decode()
        except ValueError:  # it is no such header, whatever it says
            continue
        yield from (pair, pair.partition(":")[2])


def _secrets_of_url(url: str) -> list[str]:
    """User info, also as the header that it becomes, and the query, whole and by value."""
    parts = urlsplit(url)
    user_info = parts.netloc.rpartition("@")[0]
    user, _, password = map(unquote, user_info.partition(":"))
    basic = base64.b64encode(f"{user}:{password}".encode()).decode() if user_info else ""
    return [user_info, password, basic, parts.query, *(value for _, value in parse_qsl(parts.query))]


def _secrets_of_path(path: str, shown: str) -> list[str]:
    """What the environment put into the path, whole and by segment: where the path is not what may be shown."""
    begins = _alike(path, shown)
    ends = _alike(path[begins:][::-1], shown[begins:][::-1])
    hidden = path[begins : len(path) - ends]
    return [hidden, *(segment for segment in hidden.split("/") if len(segment) >= _SHORTEST_WORD)]


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
