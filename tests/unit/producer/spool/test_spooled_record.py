"""A record is the same after it was a row, whatever id the schema has then; a row that was changed is not whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from producer.spool.spooled_record import (
    RowDraft,
    SpoolRow,
    UnknownReleaseError,
    drafts_of,
    framed_by,
    outgoing,
    repository_of,
)
from runtime.kafka.records import OutgoingRecord
from schemas.avro import frame

RECORD = OutgoingRecord("events", b"team/\xc3\xa4pp", frame(7, b"avro"), [("ce_id", b"1"), ("odd", b"\xff\0")], 1234)


@pytest.mark.parametrize(
    "record", [RECORD, replace(RECORD, key=None, headers=[]), replace(RECORD, value=frame(7, b""))]
)
def test_there_and_back(record: OutgoingRecord) -> None:
    """Key, headers, time and Avro are kept; the id is that of now."""
    [draft] = drafts_of([record], release=1, accepted_ms=1)
    row = draft.at(5)
    assert (5, 1234, True) == (row.seq, row.accepted_ms, row.is_whole)
    assert record == outgoing(row, topic="events", ids={1: 7})
    assert frame(9, b"") == (outgoing(row, topic="events", ids={1: 9}).value or b"")[:5]


def test_a_record_without_a_time_gets_that_of_its_acceptance() -> None:
    """It is in the row, so it does not change while the row waits."""
    [draft] = drafts_of([replace(RECORD, timestamp_ms=None)], release=1, accepted_ms=99)
    assert 99 == outgoing(draft.at(1), topic="events", ids={1: 7}).timestamp_ms


def test_a_newer_release_is_named() -> None:
    """A row of a bridge that was newer waits for the upgrade, and says so."""
    [draft] = drafts_of([RECORD], release=2, accepted_ms=1)
    with pytest.raises(UnknownReleaseError, match=r"event 3 of the spool has release 2 of the schema.*: upgrade it"):
        outgoing(draft.at(3), topic="events", ids={1: 7})
    assert "team/äpp" == repository_of(draft.at(3))
    [unkeyed] = drafts_of([replace(RECORD, key=None)], release=1, accepted_ms=1)
    assert "" == repository_of(unkeyed.at(1))


def test_frames_with_the_right_id_stay() -> None:
    """Records go straight as they came, unless their id was a guess."""
    records = [RECORD, RECORD]
    assert records is framed_by(7, records)
    assert [frame(8, b"avro")] * 2 == [record.value for record in framed_by(8, records)]
    assert [] == framed_by(8, [])


@given(seq=st.integers(1, 2**40), accepted_ms=st.integers(0, 2**42), content=st.binary(max_size=50), data=st.data())
def test_any_change_is_noticed(seq: int, accepted_ms: int, content: bytes, data: st.DataObject) -> None:
    """A bit, a place, a time, or a value of another type."""
    row = RowDraft(accepted_ms, content).at(seq)
    assert row.is_whole
    assert not row._replace(seq=seq + 1).is_whole
    assert not row._replace(accepted_ms=accepted_ms + 1).is_whole
    assert not row._replace(content=content + b"\0").is_whole
    bit = data.draw(st.integers(0, 63))
    changed = (int.from_bytes(row.checksum, "big") ^ (1 << bit)).to_bytes(8, "big")
    assert not row._replace(checksum=changed).is_whole
    odd: list[object] = [None, 1.5, -1, 2**80, "text"]
    for value in odd:
        assert not SpoolRow(seq, value, content, row.checksum).is_whole  # type: ignore[arg-type]
    assert not SpoolRow(seq, accepted_ms, None, row.checksum).is_whole  # type: ignore[arg-type]
