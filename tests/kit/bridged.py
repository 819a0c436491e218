"""A bridge over a sink in memory, with one manifest and one blob."""

from producer import (
    Manifest,
)
from schemas import ActorRecord, Descriptor, RequestRecord, SourceRecord

REPO = "test/repo"
SOURCE = SourceRecord(addr="remote.test", instance_id="3a1c9ed0-5a0b-4b3e-9d2f-6b2f8f2b1c0d")
ACTOR = ActorRecord(name="test")
REQUEST = RequestRecord()
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PAYLOAD = b"""{
   "schemaVersion": 2,
   "mediaType": "application/vnd.oci.image.manifest.v1+json",
   "config": {
      "mediaType": "application/vnd.example.sbom.v1",
      "digest": "cfgdgst",
      "size": 100
   },
   "layers": null
}"""
MANIFEST = Manifest(OCI_MANIFEST, PAYLOAD)
BLOB = Descriptor(media_type="application/octet-stream", digest="sha256:" + "b1" * 32, size=78)
