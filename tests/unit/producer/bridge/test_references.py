"""The grammar of repository names, tags and digests."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.bridge.references import ReferenceFormatError, check_digest, check_repository, check_tag

SHA256 = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    "name",
    [
        "app",
        "library/app",
        "a/b/c/d/e",
        "team/my.app_one__two---three",
        "0/1",
        "registry.example.com/app",
        "Registry.Example.com:5000/team/app",
        "localhost:5000/app",
        "[2001:db8::1]:5000/app",
        "a" * 255,
    ],
)
def test_names_that_registries_use_are_taken(name: str) -> None:
    """A repository name, with or without a host, is one."""
    assert name == check_repository(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/app",
        "app/",
        "a//b",
        "App",
        "lib/App",
        "app:tag",
        "app@" + SHA256,
        "-app",
        "app-",
        "a..b",
        "a___b",
        "a._b",
        "app\n",
        "app ",
        "äpp",
        "٣/app",
        "../etc/passwd",
        "host:port/app",
        "a" * 256,
        "a/" * 127 + "aa",
    ],
)
def test_names_that_no_registry_can_address_are_refused(name: str) -> None:
    """What cannot stand in a registry's URL path is no repository name."""
    with pytest.raises(ReferenceFormatError, match=r"^repository: "):
        check_repository(name)


@pytest.mark.parametrize("tag", ["latest", "v1.0", "_x", "0", "A-b_c.d", "x" * 128])
def test_tags_are_taken(tag: str) -> None:
    """A tag of the registry's grammar is one."""
    assert tag == check_tag(tag)


@pytest.mark.parametrize("tag", ["", ".x", "-x", "a:b", "a/b", "tag\n", "tág", "x" * 129, "a b"])
def test_other_tags_are_refused(tag: str) -> None:
    """Python's own idea of a word and of a line's end lets nothing more in."""
    with pytest.raises(ReferenceFormatError, match=r"^tag: "):
        check_tag(tag)


@pytest.mark.parametrize(
    "digest",
    [
        SHA256,
        "sha384:" + "b" * 96,
        "sha512:" + "c" * 128,
        "blake3:" + "d" * 64,
        "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
        "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
    ],
)
def test_digests_are_taken(digest: str) -> None:
    """The examples of the OCI image-spec, and the SHA-2 algorithms with their lengths, are digests."""
    assert digest == check_digest(digest)


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "sha256",
        "sha256:",
        ":" + "a" * 64,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "A" * 64,
        "sha256:" + "g" * 64,
        "sha384:" + "a" * 64,
        "sha512:" + "a" * 64,
        "SHA256:" + "a" * 64,
        SHA256 + "\n",
        SHA256 + "/../x",
        "cfgdgst",
    ],
)
def test_other_digests_are_refused(digest: str) -> None:
    """A digest of a known algorithm has its length in lower-case hex; anything else has at least an algorithm."""
    with pytest.raises(ReferenceFormatError, match=r"^digest: "):
        check_digest(digest)


@given(st.text(max_size=300))
def test_the_checks_are_total(text: str) -> None:
    """Any text is either returned as it is or refused by name, value and what is allowed."""
    for check in (check_repository, check_tag, check_digest):
        try:
            outcome, said = check(text), ""
        except ReferenceFormatError as error:
            outcome, said = error.value, str(error)
        assert text == outcome
        assert not said or "allowed: " in said


COMPONENT = st.from_regex(re.compile(r"[a-z0-9]+((\.|_|__|-{1,3})[a-z0-9]+){0,3}", re.ASCII), fullmatch=True)


@given(st.lists(COMPONENT, min_size=1, max_size=6).map("/".join))
def test_every_name_of_the_grammar_is_taken(name: str) -> None:
    """Components of the grammar, joined by slashes, are a name up to 255 characters, and none beyond."""
    if len(name) <= 255:
        assert name == check_repository(name)
    else:
        with pytest.raises(ReferenceFormatError, match="at most 255"):
            check_repository(name)


def test_a_long_value_is_cut_in_the_message() -> None:
    """An error's line stays a line, whatever somebody sent."""
    with pytest.raises(ReferenceFormatError) as caught:
        check_tag("x" * 1_000_000)
    assert len(str(caught.value)) < 300


def test_hostile_names_cost_nothing() -> None:
    """The longest nearly valid names are judged without backtracking for ever (the test's timeout is the proof)."""
    for name in ("a-" * 127, "a." * 127, "a" * 254 + "!", "A-" * 127, "-" * 255):
        with pytest.raises(ReferenceFormatError):
            check_repository(name)
