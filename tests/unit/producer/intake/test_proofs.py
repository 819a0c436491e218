"""What a sender must show, and that it is never repeated."""

import hmac
from collections.abc import Mapping

import pytest

from producer.intake.proofs import HeaderSignatures, HeadProofs, StandardWebhooks, signatures_of
from producer.intake.refusals import RefusedError
from runtime.config import Secret
from runtime.config.source_settings import HMACSettings
from runtime.http.asgi import Message, Request
from tests.kit.still_clock import StillClock
from tests.unit.runtime.test_standard_webhooks import NEW, OLD, signature

BODY = b"body"


async def unread() -> Message:
    """No body is read for a proof."""
    raise AssertionError("the body was asked for")


def request(headers: Mapping[str, str] | None = None, query: str = "") -> Request:
    """A POST with these headers and this query."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    return Request({"method": "POST", "path": "/events/x", "headers": raw, "query_string": query.encode()}, unread)


def refusal(proofs: HeadProofs, sent: Request) -> str:
    """What is answered; empty if it is let in."""
    try:
        proofs.check(sent)
    except RefusedError as refused:
        return f"{refused.status} {refused.reason}: {refused}"
    return ""


@pytest.mark.parametrize(
    ("query", "is_good"),
    [
        ("token=new", True),
        ("token=old&x=1", True),
        ("x=1&token=%6Eew", True),
        ("token=New", False),
        ("token=", False),
        ("token=new+", False),
        ("token=%FF%FE", False),
    ],
)
def test_a_token_stands_in_the_query(query: str, is_good: bool) -> None:  # noqa: FBT001 - a table's column
    """One of those that are configured, exactly; what was given is not repeated."""
    proofs = HeadProofs((), (Secret("old"), Secret("new")))
    said = refusal(proofs, request(query=query))
    assert said == (
        "" if is_good else "401 unauthorized: the parameter token of the URL's query is not the configured one"
    )


@pytest.mark.parametrize("query", ["token=a+b/c==", "token=a%2Bb%2Fc%3D%3D", "token=a%2bb/c%3d="])
def test_a_token_of_base64_may_be_typed_into_the_url(query: str) -> None:
    """`+` is itself there, whether or not the sender percent-encodes it."""
    assert refusal(HeadProofs((), (Secret("a+b/c=="),)), request(query=query)) == ""


@pytest.mark.parametrize("query", ["", "x=1", "Token=t"])
def test_a_missing_token_is_called_missing(query: str) -> None:
    """As one that is wrong is called wrong: the sender's side is another in both."""
    said = refusal(HeadProofs((), (Secret("t"),)), request(query=query))
    assert said == "401 unauthorized: the parameter token of the URL's query is missing"


def test_a_missing_header_is_called_missing() -> None:
    """And a wrong or empty one not the configured one."""
    proofs = HeadProofs((Secret("Bearer a"),))
    assert refusal(proofs, request()) == "401 unauthorized: the Authorization header is missing"
    for given in ("", "Bearer b"):
        said = refusal(proofs, request({"authorization": given}))
        assert said == "401 unauthorized: the Authorization header is not the configured one"


def test_all_proofs_must_hold() -> None:
    """The header and the token."""
    proofs = HeadProofs((Secret("Bearer a"),), (Secret("t"),))
    assert refusal(proofs, request({"authorization": "Bearer a"}, "token=t")) == ""
    assert "Authorization" in refusal(proofs, request(query="token=t"))
    assert "token" in refusal(proofs, request({"authorization": "Bearer a"}))


@pytest.mark.parametrize("form", ["sha256={}", "{}", " {} "])
@pytest.mark.parametrize("secret", [b"old", b"new"])
def test_a_signature_of_the_body(form: str, secret: bytes) -> None:
    """By any of the secrets, as GitHub and as Gitea write it, in digits of either case."""
    signatures = HeaderSignatures("x-hub-signature-256", (Secret("old"), Secret("new")))
    digits = hmac.digest(secret, BODY, "sha256").hex()
    for one in (digits, digits.upper()):
        signatures.check(request({"x-hub-signature-256": form.format(one)}), BODY)


@pytest.mark.parametrize("value", ["", "sha256=", "sha1=00", "ü", hmac.digest(b"old", b"other", "sha256").hex(), None])
def test_a_wrong_signature_is_refused(value: str | None) -> None:
    """And neither it nor the right one is named."""
    signatures = HeaderSignatures("x-signature", (Secret("old"),))
    with pytest.raises(RefusedError) as refused:
        signatures.check(request({} if value is None else {"x-signature": value}), BODY)
    assert refused.value.status == 401
    assert not value or value not in str(refused.value)
    assert hmac.digest(b"old", BODY, "sha256").hex() not in str(refused.value)


def test_standard_webhooks_need_three_headers() -> None:
    """Each that is missing is named."""
    clock = StillClock()
    clock.now = now = 1_790_000_000.0
    signatures = StandardWebhooks((Secret(OLD), Secret(NEW)), clock)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now)), "webhook-signature": "v1,x"}
    for name in headers:
        with pytest.raises(RefusedError, match=f"the header {name} is missing"):
            signatures.check(request({one: value for one, value in headers.items() if one != name}), BODY)
    with pytest.raises(RefusedError, match="no signature of this body"):
        signatures.check(request(headers), BODY)
    signatures.check(request(headers | {"webhook-signature": signature(NEW)}), BODY)
    with pytest.raises(RefusedError, match="differs from our time"):
        signatures.check(request(headers | {"webhook-timestamp": str(int(now) - 301)}), BODY)


def test_the_scheme_decides() -> None:
    """None is asked for without settings."""
    assert signatures_of(None, StillClock()) is None
    of_header = HMACSettings(secret=(Secret("a"),), header="x-signature")
    assert isinstance(signatures_of(of_header, StillClock()), HeaderSignatures)
    standard = HMACSettings(secret=(Secret(NEW),), scheme="standard-webhooks")
    assert isinstance(signatures_of(standard, StillClock()), StandardWebhooks)
