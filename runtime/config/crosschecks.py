"""What only shows when sections are held against each other; pure."""

import posixpath
from urllib.parse import unquote

from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.http_values import split_url
from runtime.config.settings import IntakeSettings

_PORTS = {"http": 80, "https": 443}


def is_intake(endpoint: EndpointSettings, intake: IntakeSettings) -> bool:
    """Tell whether an endpoint would POST into this intake: every event would come round again for ever."""
    parts = split_url(endpoint.url)
    if parts is None or parts.hostname is None:
        return False
    if not intake.listen.is_reached_at(parts.hostname, parts.port or _PORTS[parts.scheme]):
        return False
    path = posixpath.normpath(unquote(parts.path) or "/")
    return path == intake.path or path.startswith(intake.path + "/")
