"""What the table of formats may say."""

import re
from typing import get_args

import pytest

from producer.sources.formats import FORMATS
from runtime.config.source_settings import ENVELOPE_FORMATS, SIGNATURE_HEADERS, SourceFormat
from schemas.actions import ACTIONS, OTHER_ACTIONS
from schemas.wire import media_type


def test_every_format_has_a_reader() -> None:
    """But for those whose envelopes need none."""
    assert set(get_args(SourceFormat)) - ENVELOPE_FORMATS == FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_kinds_are_words_and_no_actions_of_images(name: SourceFormat) -> None:
    """So that a label of a metric never means both."""
    kinds = FORMATS[name].kinds
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", kind) for kind in kinds)
    assert not set(kinds) & set(ACTIONS)
    assert len(set(kinds)) == len(kinds) <= 20


@pytest.mark.parametrize("name", FORMATS)
def test_media_types_are_as_they_are_compared(name: SourceFormat) -> None:
    """In lower case, without parameters."""
    assert FORMATS[name].media_types == tuple(media_type(one) for one in FORMATS[name].media_types) != ()


@pytest.mark.parametrize("name", FORMATS)
def test_no_proof_is_kept(name: SourceFormat) -> None:
    """Neither a signature nor a credential: what is kept is stored and delivered on."""
    kept = FORMATS[name].kept_headers
    assert all(header == header.lower() for header in kept)
    assert not {SIGNATURE_HEADERS.get(name, ""), "authorization", "cookie"} & set(kept)
    assert not [header for header in kept if "signature" in header or "token" in header]


def test_filters_know_each_kind() -> None:
    """A filter by one is no slip of the pen, and no other word is known."""
    assert sorted({kind for name in FORMATS for kind in FORMATS[name].kinds}) == sorted(OTHER_ACTIONS)
