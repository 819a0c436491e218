"""The producing half: what a registry calls, and what brings events from there into the log.

    listener/   what a registry calls, and what decorates its services with a Listener
    bridge/     a Listener that makes an event of each call
    manifest/   manifests as the registry reads them
    sinks/      where a bridge writes: the events topic
    intake/     `serve`: a registry's POSTs, answered 200 once Kafka has them
    sources/    what other registries send, read as events
    spool/      keeps what Kafka cannot take now on the intake's own disk
    publish/    `publish`: events from files
    check/      `check`: what is wrong before anything runs
    views/      `views`: tables and views of the topic in the SQL of engines
    commands/   the commands that only print a text

`preparation` and `schema_registration` are what must be done before an event is taken; `event_record` makes the record
of an event. A room imports only rooms below it (pyproject.toml), and nothing here knows the consuming half.

The names that Python registries import stand here; each is loaded when it is first asked for. So a room that knows no
Kafka loads no Kafka client when it is imported, and what a registry does not use costs it nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import producer.neighbours  # isort: split # noqa: F401 - before all that imports other packages

if TYPE_CHECKING:
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
    from runtime.http.client import ClientSettingsError

__all__ = [
    "Bridge",
    "ClientSettingsError",
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

_HOMES: Final = {
    "producer.bridge.bridge": ("Bridge", "URLBuilder"),
    "producer.bridge.references": ("ReferenceFormatError", "check_digest", "check_repository", "check_tag"),
    "producer.bridge.requests": ("actor_from_asgi", "actor_from_wsgi", "request_from_asgi", "request_from_wsgi"),
    "producer.bridge.urls": ("RegistryURLBuilder", "RootURLError"),
    "producer.listener.decorate": ("listen",),
    "producer.listener.protocol": ("Listener", "ManifestContent"),
    "producer.listener.repository": ("MountedBlob",),
    "producer.manifest.manifest": ("Manifest", "ManifestError"),
    "producer.sinks.kafka_sink": ("KafkaSink",),
    "producer.sinks.sink": ("Sink", "SinkClosed", "SinkError"),
    "runtime.http.client": ("ClientSettingsError",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # PEP 562
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
