"""What exported columns derive: the kind of an event, an address without its port, a time that readers know."""

import pytest

from schemas.columns import FIRST_TIME, LAST_TIME, client_ip, event_time, kind_of

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ((INDEX, "https://r/v2/a/blobs/b", "push", "", ""), "index"),
        ((MANIFEST, "", "delete", "v1", ""), "manifest"),
        (("a/b", "https://r/v2/team/manifests/x/blobs/sha256:0a", "push", "", ""), "blob"),
        (("", "https://r/v2/a/manifests/v1", "", "", ""), "manifest"),
        ((None, None, "delete", "v1", None), "tag"),
        (("", "", "delete", "", "sha256:0a"), "unknown"),
        (("", "", "delete", "", ""), "repository"),
        (("", "", "push", "v1", ""), "unknown"),
        (("", "", "push", "", "sha256:0a"), "unknown"),
        ((None, None, None, None, None), "unknown"),
    ],
)
def test_the_kind(members: tuple[str, str, str, str, str], kind: str) -> None:
    """By media type, else by URL, else by what the action names."""
    assert kind == kind_of(*members, source_format=None)


@pytest.mark.parametrize(
    ("action", "tag", "kind"), [("push", "v1", "manifest"), ("pull", "", "unknown"), ("scan", "v1", "unknown")]
)
def test_the_kind_where_a_source_says_little(action: str, tag: str, kind: str) -> None:
    """A push or pull with a tag is of a manifest, or of an index."""
    assert kind == kind_of("", "", action, tag, "", source_format="quay")


@pytest.mark.parametrize(
    ("address", "ip"),
    [("203.0.113.9:41000", "203.0.113.9"), ("[2001:db8::1]:80", "2001:db8::1"), ("2001:db8::1", "2001:db8::1")],
)
def test_an_address_without_its_port(address: str, ip: str) -> None:
    """Brackets go too, and a bare IPv6 address has no port."""
    assert (ip, None, None) == (client_ip(address), client_ip(""), client_ip(None))


def test_a_time_that_readers_know() -> None:
    """From year 2 to year 9999; Go's zero time, in year 1, is none."""
    assert [FIRST_TIME, LAST_TIME] == [event_time(FIRST_TIME), event_time(LAST_TIME)]
    assert [None, None, None] == [event_time(FIRST_TIME - 1), event_time(LAST_TIME + 1), event_time(None)]
