"""A sample event, as a registry sends it for the push of a small image. Pure."""

from hashlib import sha256
from typing import Final

from consumer.record import Record
from runtime.rfc3339 import shown_ms
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import ActorRecord, Event, RequestRecord, SourceRecord, Target
from schemas.headers import record_headers

_REPOSITORY: Final = "registry-event-bridge/test"
_TAG: Final = "test"
_HOST: Final = "registry.example.com"
_SIZE: Final = 528
"""Bytes of a manifest with one layer."""


def sample_event(id_: str, now: float, topic: str) -> tuple[Record, Event]:
    """The event, and a record of it that lies nowhere.

    Args:
        id_: of the event.
        now: seconds since the epoch.
        topic: where it would lie.
    """
    digest = f"sha256:{sha256(id_.encode()).hexdigest()}"
    event = Event(
        id=id_,
        timestamp=shown_ms(int(now * 1000)),
        action="push",
        target=Target(
            media_type="application/vnd.oci.image.manifest.v1+json",
            digest=digest,
            size=_SIZE,
            length=_SIZE,
            repository=_REPOSITORY,
            url=f"https://{_HOST}/v2/{_REPOSITORY}/manifests/{digest}",
            tag=_TAG,
        ),
        request=RequestRecord(
            id=id_, addr="192.0.2.1:49152", host=_HOST, method="PUT", useragent="registry-worker test"
        ),
        actor=ActorRecord(name="registry-worker test"),
        source=SourceRecord(addr=f"{_HOST}:443", instance_id=id_),
    )
    value = frame(CATALOG.latest.id, encode(event))
    key = _REPOSITORY.encode()
    return Record(topic, 0, 0, int(now * 1000), key, value, tuple(record_headers(event))), event
