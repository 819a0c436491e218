"""How answers are shown: cut, without secrets, safe to print."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.delivery.webhook.answer_text import SHOWN_BYTES, AnswerText, secrets_of
from runtime.config import EndpointSettings, Secret
from runtime.config.endpoint_settings import SigningSettings

TOKEN = 'p4ss"w&rd/ü'


def shown(body: bytes, *secrets: str) -> str:
    """The text of an answer of an endpoint with these secrets."""
    return AnswerText(secrets).of(body)


def test_is_cut() -> None:
    """After a KiB; a character that would be cut in two is left out."""
    assert shown(b"y" * 2000) == "y" * SHOWN_BYTES
    assert shown(b"y" * 1023 + "ü".encode()) == "y" * 1023


def test_is_safe_to_print() -> None:
    """Control characters are escapes, and what is not UTF-8 is replaced."""
    assert shown(b'{"a": 1}\n\x1b[31m\xff') == '{"a": 1}\\n\\x1b[31m\ufffd'


FORMS = {
    "text": TOKEN,
    "JSON": json.dumps(TOKEN),
    "JSON as it is": json.dumps(TOKEN, ensure_ascii=False),
    "JSON of PHP": json.dumps(TOKEN).replace("/", "\\/"),
    "JSON of Go": json.dumps(TOKEN).replace("&", "\\u0026"),
    "JSON in JSON": json.dumps(json.dumps(TOKEN, ensure_ascii=False)),
    "HTML": html.escape(TOKEN),
    "HTML by numbers": "".join(f"&#{ord(one)};" for one in TOKEN),
    "HTML by hexadecimal numbers": "".join(f"&#x{ord(one):x};" for one in TOKEN),
    "path of a URL": quote(TOKEN),
    "component of a URL": quote(TOKEN, safe=""),
    "in small letters": quote(TOKEN, safe="").lower(),
    "form": quote_plus(TOKEN),
    "URL in a URL": quote(quote(TOKEN)),
    "base64": base64.b64encode(TOKEN.encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("="),
    "base64 in a URL": quote(base64.b64encode(TOKEN.encode()).decode(), safe=""),
    "base64 of JSON": base64.b64encode(json.dumps(TOKEN).encode()).decode(),
    "base64 in lines": base64.encodebytes(f"{'x' * 50}{TOKEN}{'x' * 60}".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_masked_however_it_is_written(form: str) -> None:
    """As text, JSON, HTML, in a URL, in base64, and some of these in another: only its surroundings are left."""
    text = shown(f"you sent <{form}>".encode(), TOKEN)
    left = text.removeprefix("you sent <").removesuffix(">").partition("***")
    assert left[1] == "***"
    assert all(len(around) <= len(form) - len(TOKEN) for around in (left[0], left[2]))
    assert not any(part in text for part in ("p4ss", "w&rd", "cDRzc", "JmQ"))


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_a_secret_in_base64_is_masked_wherever_it_begins(before: bytes, after: bytes) -> None:
    """Other headers around it move it by bits; every character that has no bit but its own is masked."""
    encoded = base64.b64encode(before + b"planted-s3cret" + after)
    text = shown(encoded, "planted-s3cret")
    assert text.count("***") == 1
    assert len(text) - len("***") <= len(encoded) - 17


@given(st.text("abc", max_size=3000), st.lists(st.text("abcd", min_size=4, max_size=40), min_size=1, max_size=4))
def test_no_secret_is_seen_in_whole_or_at_the_cut(before: str, secrets: list[str]) -> None:
    """Wherever it stands: what is read of the body is enough to see it whole."""
    text = AnswerText(secrets)
    body = (before + max(secrets, key=len) + before).encode()
    found = text.of(body[: text.reads])
    assert not any(secret in found for secret in secrets)
    assert len(found) <= SHOWN_BYTES
    if before.startswith("a" * SHOWN_BYTES):
        assert found == "a" * SHOWN_BYTES


def test_a_secret_across_the_cut_is_not_shown_in_part() -> None:
    """Its first half would stand at the end of what is shown."""
    text = AnswerText(["planted-s3cret"])
    body = b"y" * (SHOWN_BYTES - 8) + b"planted-s3cret" + b"y" * 2000
    assert text.of(body[: text.reads]) == "y" * (SHOWN_BYTES - 8) + "***"


@pytest.mark.parametrize("count", [1, 20, 73, 74, 200])
def test_a_secret_at_the_end_of_what_is_read_is_not_shown_in_part(count: int) -> None:
    """Many secrets before it, each shorter by its mask, do not move it into what is shown."""
    text = AnswerText(["planted-s3cret"])
    for moved in range(20):
        found = text.of((b"y" * moved + b"planted-s3cret" * count)[: text.reads])
        assert "plan" not in found


def test_the_same_answer_is_the_same_text() -> None:
    """So that many equal ones cost nothing."""
    text = AnswerText([])
    assert text.of(bytearray(b"thanks for this")) is text.of(bytearray(b"thanks for this"))


def test_the_secrets_of_an_endpoint() -> None:
    """Header values and their words, user info also as its header, queries, signing secrets; not what is too short."""
    secrets = secrets_of(
        EndpointSettings(
            name="ci",
            url="https://me:url-pass@ci.example.com/hook?key=query-key&v=1",
            headers=(
                ("Authorization", Secret("Bearer token-1")),
                ("X-Version", Secret("1")),
                ("X-Empty", Secret("")),
                ("Cookie", Secret('session=cookie-1; other="cookie-2"')),
                ("X-Basic", Secret(f"Basic {base64.b64encode(b'us:basic-pass').decode()}")),
                ("X-Other", Secret("basic authentication")),
            ),
            signing=SigningSettings(secrets=(Secret("whsec_c2lnbmluZw=="),)),
            proxy=Secret("http://proxy-user:proxy-pass@127.0.0.1:3128"),
        )
    )
    basic = [base64.b64encode(pair).decode() for pair in (b"me:url-pass", b"proxy-user:proxy-pass")]
    assert set(secrets) == {
        "Bearer token-1",
        "token-1",
        'session=cookie-1; other="cookie-2"',
        'other="cookie-2"',
        "cookie-1",
        "cookie-2",
        "Basic dXM6YmFzaWMtcGFzcw==",
        "dXM6YmFzaWMtcGFzcw==",
        "us:basic-pass",
        "basic-pass",
        "basic authentication",
        "authentication",
        "me:url-pass",
        "url-pass",
        "key=query-key&v=1",
        "query-key",
        "whsec_c2lnbmluZw==",
        "c2lnbmluZw==",
        "proxy-user:proxy-pass",
        "proxy-pass",
        *basic,
    }
