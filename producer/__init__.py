"""The producing half: what a registry calls, and what brings events from there into the log."""

import producer.neighbours  # isort: split # noqa: F401 - before all that imports other packages
from producer.bridge import Bridge, URLBuilder
from producer.decorate import listen
from producer.kafka_sink import KafkaSink
from producer.listener import Listener, ManifestContent
from producer.manifest import Manifest, ManifestError
from producer.references import ReferenceFormatError, check_digest, check_repository, check_tag
from producer.repository import MountedBlob
from producer.requests import actor_from_asgi, actor_from_wsgi, request_from_asgi, request_from_wsgi
from producer.sinks import Sink, SinkClosed, SinkError
from producer.urls import RegistryURLBuilder, RootURLError

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
