"""Where requests end in a stream of bytes, however it is cut, and what is too long."""

from collections.abc import Callable
from http import HTTPStatus
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.limits import MAX_CHUNK_LINES_BYTES, MAX_HEAD_BYTES
from runtime.http.request_framing import (
    ChunkedBody,
    Framing,
    HeadFraming,
    RequestFaultError,
    SizedBody,
    framing_of,
)

HEAD = b"POST /events HTTP/1.1\r\nHost: a\r\nX: \r\r\r\n\r\n"
CHUNKS = b'5\r\nab\r\nc\r\n1;ext="a"\r\n\n\r\n0\r\n\r\n'
TRAILED = b"A\r\n0123456789\r\n000;x\r\nX: y\r\nZ: 0\r\n\r\n"


def taken(framing: Framing, pieces: list[bytes]) -> int:
    """The bytes of these pieces that belong to it."""
    total = 0
    for piece in pieces:
        count = framing.take(piece)
        total += count
        if framing.is_complete:
            break
        assert count == len(piece), "all belongs to a part that goes on"
    return total


@pytest.mark.parametrize(
    ("begin", "text"),
    [(HeadFraming, HEAD), (ChunkedBody, CHUNKS), (ChunkedBody, TRAILED), (lambda: SizedBody(9), b"012345678")],
)
@given(cuts=st.lists(st.integers(0, 60), max_size=6), rest=st.sampled_from([b"", b"G", HEAD, CHUNKS]))
def test_the_end_is_found_however_it_is_cut(
    begin: Callable[[], Framing], text: bytes, cuts: list[int], rest: bytes
) -> None:
    """Byte by byte too; what comes behind belongs to the next request."""
    stream = text + rest
    ends = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    framing = begin()
    assert len(text) == taken(framing, [stream[start:end] for start, end in pairwise(ends) if start < end])
    assert framing.is_complete
    byte_by_byte = begin()
    assert len(text) == taken(byte_by_byte, [stream[at : at + 1] for at in range(len(stream))])


@pytest.mark.parametrize("size", [MAX_HEAD_BYTES, MAX_HEAD_BYTES + 1])
@pytest.mark.parametrize("step", [1_000, 16_384, 200_000])
def test_a_head_has_a_largest_size(size: int, step: int) -> None:
    """Exactly that is taken, whether or not its end is there; a byte more is not."""
    text = b"GET / HTTP/1.1\r\nX: ".ljust(size - 4, b"a")

    def take(text: bytes) -> None:
        taken(HeadFraming(), [text[at : at + step] for at in range(0, len(text), step)])

    for whole in (text + b"\r\n\r\n", text + b"aaaa"):
        if size > MAX_HEAD_BYTES:
            with pytest.raises(RequestFaultError, match="the request line and headers have more than 64 KiB") as caught:
                take(whole)
            assert caught.value.status is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        else:
            take(whole)


@pytest.mark.parametrize(
    "line", [b"\r\n", b"x\r\n", b"-1\r\n", b"0x1\r\n", b"1_0\r\n", b" 1\r\n", b"1 \r\n", b"1\n", b"1" * 16 + b"\r\n"]
)
def test_a_chunk_begins_with_its_size(line: bytes) -> None:
    """In hexadecimal digits alone; where its end cannot be known, nothing is taken."""
    with pytest.raises(RequestFaultError, match="a chunk does not begin with its size"):
        ChunkedBody().take(line)


@pytest.mark.parametrize(
    "piece", [b"1\r\na\r\n", b"7\r\n1234567\r\n", b"1;" + b"e" * 5_000 + b"\r\na\r\n", b"1;" + b"e" * 70_000]
)
def test_what_is_mostly_not_content_is_refused(piece: bytes) -> None:
    """Tiny chunks and long extensions: they cost far more than they carry."""
    body = ChunkedBody()
    with pytest.raises(RequestFaultError, match="too many small chunks or too long chunk extensions"):
        taken(body, [piece] * MAX_CHUNK_LINES_BYTES)


@pytest.mark.parametrize("size", [100, 4096, 65536])
def test_chunks_of_a_usual_size_are_taken(size: int) -> None:
    """As many as a body has."""
    body = ChunkedBody()
    piece = b"%x\r\n" % size + b"a" * size + b"\r\n"
    for _ in range(8 * 2**20 // size):
        assert len(piece) == body.take(piece)
    body.take(b"0\r\n\r\n")
    assert body.is_complete


def test_trailers_have_a_largest_size() -> None:
    """That of a head."""
    body = ChunkedBody()
    body.take(b"0\r\n")
    with pytest.raises(RequestFaultError, match="the trailers have more than 64 KiB") as caught:
        taken(body, [b"X: y\r\n"] * MAX_HEAD_BYTES)
    assert caught.value.status is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


def test_the_headers_say_how_a_body_is_framed() -> None:
    """No length is a body of none."""
    assert framing_of([(b"host", b"a")]).is_complete
    assert framing_of([(b"content-length", b"0")]).is_complete
    sized = framing_of([(b"content-length", b"3")])
    assert (3, True) == (sized.take(b"abcd"), sized.is_complete)
    assert isinstance(framing_of([(b"transfer-encoding", b"gzip, chunked")]), ChunkedBody)
