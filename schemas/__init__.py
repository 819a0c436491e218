"""The contract: event model, the registry's JSON in and out, released Avro schemas, headers and names. Pure."""

from schemas.event import ActorRecord, Descriptor, Event, Platform, RequestRecord, SourceRecord, Target

__all__ = ["ActorRecord", "Descriptor", "Event", "Platform", "RequestRecord", "SourceRecord", "Target"]
