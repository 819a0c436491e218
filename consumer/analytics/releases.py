"""Which release each record of a batch is written in; before the first of a newer one, the export stops. Pure."""

from consumer.analytics.decoding import FRAME_BYTES, FRAMES, NewerSchemaError, release_of_record
from consumer.log.record_batch import RecordBatch
from schemas.avro import UnknownSchemaError
from schemas.catalog import Release


def releases_of(batch: RecordBatch) -> list[Release | None]:
    """The release of each record, None for one that is no event.

    Raises:
        NewerSchemaError: a record of a newer release; the ones before it can be taken.
    """
    known = [FRAMES.get(value[:FRAME_BYTES]) if value is not None else None for value in batch.values]
    if None not in known:
        return known
    return [release or _odd(batch, index) for index, release in enumerate(known)]


def _odd(batch: RecordBatch, index: int) -> Release | None:
    try:
        return release_of_record(batch.values[index], lambda: batch.headers(index), batch.fingerprints)
    except UnknownSchemaError as error:
        place = f"{batch.topic}/{batch.partition}/{batch.offsets[index]}"
        raise NewerSchemaError(
            index, f"{place} was written by a newer release ({error}): upgrade, and run the export again"
        ) from None
