"""How answers are shown: cut, without secrets, safe to print."""

import base64
import html
import json
from urllib.parse import quote

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


@pytest.mark.parametrize(
    "form", [TOKEN, json.dumps(TOKEN), json.dumps(TOKEN, ensure_ascii=False), html.escape(TOKEN), quote(TOKEN, safe="")]
)
def test_a_secret_is_masked_however_it_is_written(form: str) -> None:
    """As text, JSON, HTML or in a URL."""
    text = shown(f"you sent <{form}>".encode(), TOKEN)
    assert text.replace('"', "") == "you sent <***>"


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
    assert text.of(body[: text.reads]) == "y" * (SHOWN_BYTES - 8) + "***" + "yyyyy"


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
            headers=(("Authorization", Secret("Bearer token-1")), ("X-Version", Secret("1"))),
            signing=SigningSettings(secrets=(Secret("whsec_c2lnbmluZw=="),)),
            proxy=Secret("http://proxy-user:proxy-pass@127.0.0.1:3128"),
        )
    )
    basic = [base64.b64encode(pair).decode() for pair in (b"me:url-pass", b"proxy-user:proxy-pass")]
    assert set(secrets) == {
        "Bearer token-1",
        "token-1",
        "me:url-pass",
        "url-pass",
        "key=query-key&v=1",
        "query-key",
        "whsec_c2lnbmluZw==",
        "proxy-user:proxy-pass",
        "proxy-pass",
        *basic,
    }
