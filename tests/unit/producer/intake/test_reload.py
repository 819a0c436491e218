"""What a running intake takes of new settings, and refuses because of what it keeps."""

from typing import Any

import pytest

from producer.intake.reload import taken_of
from runtime.config import ConfigurationError, Settings
from runtime.config.load import settings_from

TOKEN = "Bearer x"


def settings(listen: str, *urls: str, **intake: Any) -> Settings:
    """A file with the intake there, and endpoints with these URLs."""
    endpoints = [{"name": f"e{number}", "url": url} for number, url in enumerate(urls)]
    kafka = {"bootstrap.servers": "127.0.0.1:9092"}
    return settings_from({"kafka": kafka, "intake": {"listen": listen, **intake}, "endpoints": endpoints})


def test_an_intake_that_others_reach_keeps_its_authorization() -> None:
    """The new file is without authorization, and listens on the loopback; the address is not taken."""
    before = settings("0.0.0.0:5050", authorization=TOKEN)
    with pytest.raises(ConfigurationError) as refused:
        taken_of(before, settings("127.0.0.1:5050"))
    (fault,) = refused.value.faults
    assert fault.startswith("intake.authorization: 0.0.0.0:5050 can be reached from other machines; set")
    assert "Bearer" not in fault


@pytest.mark.parametrize(
    ("listen", "authorization"), [("0.0.0.0:5050", "none"), ("0.0.0.0:5050", "Bearer y"), ("127.0.0.1:5050", None)]
)
def test_what_fits_to_the_address_is_taken(listen: str, authorization: str | None) -> None:
    """Another value, `none`, or no value on the loopback."""
    after = settings("127.0.0.1:5051", **({"authorization": authorization} if authorization else {}))
    taken = taken_of(settings(listen, authorization=TOKEN), after).intake
    assert (taken.listen, taken.authorization) == (
        settings(listen, authorization=TOKEN).intake.listen,
        after.intake.authorization,
    )


def test_an_endpoint_at_the_address_that_is_kept_is_refused() -> None:
    """The new file has the intake elsewhere, but it stays where it is until a restart."""
    url = "http://127.0.0.1:5050/events"
    with pytest.raises(ConfigurationError, match=r"endpoint e0: its url is the address .* \(127.0.0.1:5050\): each"):
        taken_of(settings("127.0.0.1:5050"), settings("127.0.0.1:5051", url))
