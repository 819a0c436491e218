"""The commit metadata: it always fits, says the same again, and belongs to one commit alone."""

import base64
import random
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.offsets import commit_metadata as holes
from consumer.offsets.commit_metadata import MAX_CHARACTERS, ForeignMetadataError
from consumer.offsets.ledger import WINDOW, Snapshot
from tests.kit.examples import examples

_PLACE = {"group": "registry-worker.ci", "topic": "registry.events"}


def _encoded(snapshot: Snapshot, partition: int = 3) -> str:
    return holes.encode(snapshot, partition=partition, **_PLACE)


def _decoded(metadata: str, offset: int, partition: int = 3) -> Snapshot:
    return holes.decode(metadata, offset, partition=partition, **_PLACE)


def _packed(kind: int, body: bytes, offset: int = 7) -> str:
    """Metadata with a right checksum, whatever is in it."""
    checksum = zlib.crc32(f"registry-worker.ci\0registry.events\x003\0{offset}\0".encode() + body)
    return "R1" + base64.b85encode(struct.pack(">BI", kind, checksum) + body).decode()


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Snapshots of every reach within the window, with few holes, many, or runs of them."""
    offset = draw(st.one_of(st.integers(0, 100), st.integers(0, 2**63 - WINDOW)))
    reach = draw(st.one_of(st.integers(1, 64), st.integers(1, WINDOW - 1)))
    share = draw(st.sampled_from([0.0, 0.001, 0.05, 0.5, 0.95, 1.0]))
    source = random.Random(draw(st.integers(0, 2**32)))
    between = (at for at in range(1, reach) if source.random() < share)
    return Snapshot(offset, (offset, *(offset + at for at in between)), offset + reach)


@given(snapshots())
@settings(max_examples=examples(500, suite=100), deadline=None)
def test_metadata_says_the_same_again_and_fits(snapshot: Snapshot) -> None:
    """I2: decode(encode(s)) = s for every snapshot of a window, in at most 4,095 characters of ASCII without NUL."""
    metadata = _encoded(snapshot)
    assert snapshot == _decoded(metadata, snapshot.offset)
    assert len(metadata) <= MAX_CHARACTERS
    assert metadata.isascii()
    assert metadata.isprintable()


@pytest.mark.parametrize("seed", range(20))
def test_the_worst_case_fits(seed: int) -> None:
    """Noise over the whole window cannot be deflated, and fits as it is."""
    source = random.Random(seed)
    offset = 2**63 - WINDOW - 1
    reach = WINDOW - 1
    holes_ = (offset, *(offset + at for at in range(1, reach) if source.random() < 0.5))
    snapshot = Snapshot(offset, holes_, offset + reach)
    metadata = _encoded(snapshot)
    assert snapshot == _decoded(metadata, offset)
    assert 3700 < len(metadata) <= MAX_CHARACTERS


@pytest.mark.parametrize("offset", [0, 1, 24_000, 2**62])
def test_no_holes_are_no_metadata(offset: int) -> None:
    """A commit of the prefix alone has empty metadata, and empty metadata is one."""
    assert "" == _encoded(Snapshot(offset))
    assert Snapshot(offset) == _decoded("", offset)


@given(st.text(max_size=200))
@settings(max_examples=examples(500, suite=100))
def test_any_text_is_refused_in_one_way(text: str) -> None:
    """Whatever somebody wrote there, the decoder refuses it with its own error; it never fails otherwise."""
    for metadata in (text, "R1" + text) if text else ("R1",):
        with pytest.raises(ForeignMetadataError):
            _decoded(metadata, 0)


@given(st.integers(0, 255), st.binary(max_size=80))
@settings(max_examples=examples(1000, suite=100))
def test_any_content_is_refused_or_a_snapshot(kind: int, body: bytes) -> None:
    """Even with a right checksum nothing comes out but a snapshot of this offset within the window."""
    try:
        found = _decoded(_packed(kind, body), 7)
    except ForeignMetadataError:
        return
    assert 7 == found.offset == found.holes[0]
    assert found.holes[-1] < found.top < 7 + WINDOW
    assert kind in {0, 1}


@pytest.mark.parametrize("kind", [2, 3, 128, 255])
def test_another_kind_is_refused(kind: int) -> None:
    """A kind of body that this release does not know is not guessed at."""
    body = (2).to_bytes(2, "big") + zlib.compress(b"\x01")
    assert Snapshot(7, (7,), 9) == _decoded(_packed(1, body), 7)
    with pytest.raises(ForeignMetadataError, match="kind"):
        _decoded(_packed(kind, body), 7)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (0, b""),
        (0, b"\x00"),
        (0, b"\x00\x01"),
        (0, b"\x00\x01\x01\x00"),
        (0, b"\x00\x08\x01"),
        (0, b"\x00\x01\x00"),
        (0, b"\x00\x02\x02"),
        (0, (WINDOW).to_bytes(2, "big") + b"\x01" + bytes(WINDOW // 8)),
        (1, b"\x00\x01garbage"),
        (1, b"\x00\x01" + zlib.compress(b"\x01")[:-6]),
    ],
)
def test_impossible_bodies_are_refused(kind: int, body: bytes) -> None:
    """Too short, too long, beyond the window, without a hole at the committed offset, not inflatable: refused."""
    with pytest.raises(ForeignMetadataError):
        _decoded(_packed(kind, body), 7)


def test_a_bomb_stays_small() -> None:
    """What would inflate to many megabytes is refused without taking them."""
    squeezer = zlib.compressobj(9)
    packed = b"".join(squeezer.compress(bytes(1 << 20)) for _ in range(3)) + squeezer.flush()
    metadata = _packed(1, b"\x00\x08" + packed[:3000])
    assert len(metadata) <= MAX_CHARACTERS
    tracemalloc.start()
    try:
        with pytest.raises(ForeignMetadataError):
            _decoded(metadata, 7)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 300_000


def test_longer_than_a_broker_keeps_is_refused() -> None:
    """Text of 4,096 characters cannot be ours."""
    with pytest.raises(ForeignMetadataError):
        _decoded("R1" + "0" * 4094, 0)


@given(snapshots(), st.sampled_from(["group", "topic", "partition", "offset"]))
@settings(max_examples=examples(200, suite=100), deadline=None)
def test_metadata_belongs_to_one_commit(snapshot: Snapshot, what: str) -> None:
    """Under another group, topic, partition or offset it is refused."""
    place: dict[str, str] = dict(_PLACE)
    partition, offset = 3, snapshot.offset
    if what == "partition":
        partition += 1
    elif what == "offset":
        offset += 1
    else:
        place[what] += "x"
    with pytest.raises(ForeignMetadataError, match="another commit"):
        holes.decode(_encoded(snapshot), offset, partition=partition, **place)


_CHARACTERS = [*map(chr, range(32, 127)), "\0", "\u00e9", "\u4e2d"]


@pytest.mark.parametrize(
    "snapshot",
    [
        Snapshot(0, (0,), 1),
        Snapshot(100, (100, 101, 105), 107),
        Snapshot(2**40, (2**40, *range(2**40 + 20, 2**40 + 50, 3)), 2**40 + 61),
        Snapshot(9, tuple(range(9, 2000)), 2001),
    ],
)
def test_every_damaged_character_is_found(snapshot: Snapshot) -> None:
    """No single character can be another, missing or doubled without the decoder refusing the whole."""
    metadata = _encoded(snapshot)
    for at, right in enumerate(metadata):
        replaced = [character for character in _CHARACTERS if character != right]
        for put in [*replaced, "", right * 2] if right * 2 not in metadata[at : at + 3] else replaced:
            damaged = metadata[:at] + put + metadata[at + 1 :]
            if damaged and damaged != metadata:
                with pytest.raises(ForeignMetadataError):
                    _decoded(damaged, snapshot.offset)


@given(snapshots(), st.data())
@settings(max_examples=examples(300, suite=100), deadline=None)
def test_damage_anywhere_is_found(snapshot: Snapshot, data: st.DataObject) -> None:
    """A long map is no easier to damage."""
    metadata = _encoded(snapshot)
    at = data.draw(st.integers(0, len(metadata) - 1))
    put = data.draw(st.sampled_from([one for one in _CHARACTERS if one != metadata[at]]))
    with pytest.raises(ForeignMetadataError):
        _decoded(metadata[:at] + put + metadata[at + 1 :], snapshot.offset)
