"""The contract: event model, the registry's JSON in and out, released Avro schemas, headers and names. Pure.

A registry's JSON or a record's bytes come in, and an `Event` goes out; or the other way round, byte for byte. It knows
no Kafka client, no HTTP, no configuration, and neither half.
"""

from schemas.event import ActorRecord, Descriptor, Event, Platform, RequestRecord, SourceRecord, Target

__all__ = ["ActorRecord", "Descriptor", "Event", "Platform", "RequestRecord", "SourceRecord", "Target"]
