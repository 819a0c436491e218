"""What must not be shown, and how the rest of it is shown; pure.

Design: header values, tokens, a URL's user info and query never reach a log, a metric or an error.
"""

import re
from typing import Final, final

MASK: Final = "***"
"""What stands wherever a secret would."""

_VALID_URL = re.compile(
    r"(?P<scheme>https?://)(?:[^/?#]*@)?(?P<place>[^?#]*)(?P<rest>[?#].+)?", re.DOTALL | re.IGNORECASE
)
_SECRET_KAFKA_SETTING = re.compile(r"pass|secret|jaas|token|key|pem$|sasl\.(?!mechanism|kerberos)", re.IGNORECASE)


@final
class Secret:
    """A text that only `reveal()` gives away; everything that prints it prints `***`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself: only for the wire, never for a log."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))


def masked_url(url: str) -> str:
    """Show a valid http(s) URL without its user info, query and fragment: `https://***@host/path?***`."""
    found = _VALID_URL.fullmatch(url)
    if found is None:
        return masked_written_url(url)
    user = f"{MASK}@" if found.end("scheme") != found.start("place") else ""
    return f"{found['scheme']}{user}{found['place']}{_masked_rest(found['rest'] or '')}"


def masked_written_url(written: str) -> str:
    """Show what was written where a URL belongs, valid or not; hides whatever may be user info or query."""
    scheme, separator, rest = written.partition("://")
    start = scheme + separator if separator and scheme.isalnum() else ""
    rest = rest if start else written
    hidden, at, shown = rest.rpartition("@")
    if re.search(r"[?#]", hidden):  # either a password with ? in it or a query with @ in it: nothing is safe
        return f"{start}{MASK}"
    place, rest = _split_at_query(shown)
    return f"{start}{MASK + at if at else ''}{place}{_masked_rest(rest)}"


def is_secret_kafka_setting(name: str) -> bool:
    """Tell whether a librdkafka setting's value is hidden."""
    return _SECRET_KAFKA_SETTING.search(name) is not None


def _masked_rest(rest: str) -> str:
    return f"{rest[0]}{MASK}" if rest else ""


def _split_at_query(text: str) -> tuple[str, str]:
    cut = re.search(r"[?#]", text)
    return (text[: cut.start()], text[cut.start() :]) if cut else (text, "")
