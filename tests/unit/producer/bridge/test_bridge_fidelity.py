"""The bridge: its events are, byte for byte, those that registry 3.1 sent for the same calls."""

import json
from typing import Any

import pytest

from producer import (
    Bridge,
    Manifest,
    RegistryURLBuilder,
)
from schemas import ActorRecord, Descriptor, RequestRecord, SourceRecord
from schemas.wire import envelope_json
from tests.kit.real_notifications import Notification, notifications
from tests.kit.sinks import MemorySink


@pytest.mark.parametrize("recorded", list(notifications("3.1.1")), ids=lambda one: one.name)
def test_the_bytes_are_those_of_registry_3_1(recorded: Notification, sink: MemorySink) -> None:
    """The same calls give the envelope that a registry sent, byte for byte, id and time apart.

    The manifests themselves were not recorded: one with the same parts stands for each, and its digest and size
    take the place of the original's in the expected bytes.
    """
    [event] = recorded.events
    target, request, source = event["target"], event["request"], event["source"]
    expected = recorded.body.decode()
    bridge = Bridge(
        RegistryURLBuilder(target.get("url", "http://h/v2/").partition("/v2/")[0]),
        SourceRecord(addr=source["addr"], instance_id=source["instanceID"]),
        ActorRecord(name=event["actor"].get("name", "")),
        RequestRecord(**request),
        sink,
        include_references=True,
        ids=lambda: str(event["id"]),
    )
    if "/manifests/" in target.get("url", ""):
        manifest = _with_same_parts(target)
        expected = expected.replace(target["digest"], manifest.digest).replace(
            f'"size": {target["size"]},\n            "length": {target["length"]}',
            f'"size": {manifest.size},\n            "length": {manifest.size}',
        )
        call = bridge.manifest_pushed if event["action"] == "push" else bridge.manifest_pulled
        call(target["repository"], manifest, target.get("tag", ""))
    else:
        _repeat_blob_or_delete(bridge, event["action"], target)
    [made] = sink.events
    assert recorded.content_type == made.content_type
    assert expected.replace(event["timestamp"], made.timestamp).encode() == envelope_json(sink.events)


def _with_same_parts(target: dict[str, Any]) -> Manifest:
    """A manifest of the same type whose references are those of the recorded event."""
    parts = target["references"]
    members = {"manifests": parts} if "index" in target["mediaType"] else {"config": parts[0], "layers": parts[1:]}
    text = json.dumps({"schemaVersion": 2, "mediaType": target["mediaType"], **members})
    return Manifest(target["mediaType"], text.encode())


def _repeat_blob_or_delete(bridge: Bridge, action: str, target: dict[str, Any]) -> None:
    blob = Descriptor(media_type=target["mediaType"], digest=target["digest"], size=target["size"])
    match action:
        case "push":
            bridge.blob_pushed(target["repository"], blob)
        case "pull":
            bridge.blob_pulled(target["repository"], blob)
        case "mount":
            bridge.blob_mounted(target["repository"], blob, target["fromRepository"])
        case "delete" if target["digest"]:
            bridge.manifest_deleted(target["repository"], target["digest"])
        case "delete":
            bridge.tag_deleted(target["repository"], target["tag"])
