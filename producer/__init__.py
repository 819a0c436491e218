"""The producing half: what a registry calls, and what brings events from there into the log."""

import producer.neighbours  # isort: split # noqa: F401 - before all that imports other packages
from producer.bridge.bridge import Bridge, URLBuilder
from producer.bridge.references import ReferenceFormatError, check_digest, check_repository, check_tag
from producer.bridge.requests import actor_from_asgi, actor_from_wsgi, request_from_asgi, request_from_wsgi
from producer.bridge.urls import RegistryURLBuilder, RootURLError
from producer.listener.decorate import listen
from producer.listener.protocol import Listener, ManifestContent
from producer.listener.repository import MountedBlob
from producer.manifest.manifest import Manifest, ManifestError
from producer.sinks.kafka_sink import KafkaSink
from producer.sinks.sink import Sink, SinkClosed, SinkError

__all__ = [
    "Bridge",
    "KafkaSink",
    "Listener",
    "Manifest",
    "ManifestContent",
    "ManifestError",
    "MountedBlob",
    "ReferenceFormatError",
    "RegistryURLBuilder",
    "RootURLError",
    "Sink",
    "SinkClosed",
    "SinkError",
    "URLBuilder",
    "actor_from_asgi",
    "actor_from_wsgi",
    "check_digest",
    "check_repository",
    "check_tag",
    "listen",
    "request_from_asgi",
    "request_from_wsgi",
]
