"""What a registry's own file has and ours has not: for each key that gets pasted, the one thing to do. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

PASTED_BLOCK: Final = "is the registry's whole `notifications` block; write its list of endpoints here instead"
"""What a fault says of `endpoints: {events: ..., endpoints: [...]}`."""

_VARIABLE: Final = "REGISTRY_NOTIFICATIONS_ENDPOINTS"
"""The list as YAML in a variable of the registry's environment; `..._0_URL` and the like are one member each."""
_KEYS: Final = {
    "notifications": "is the registry's; its endpoints go under `endpoints:`, its events stay in the registry's file",
    "events": "is the registry's; includereferences stays in the registry's file; its references are delivered",
} | dict.fromkeys(
    (
        *("auth", "catalog", "compatibility", "health", "http", "log", "loglevel", "middleware", "policy", "proxy"),
        *("redis", "reporting", "storage", "validation", "version"),
    ),
    "is the registry's; of its file only notifications.endpoints goes here, under `endpoints:`",
)


def what_to_do(keys: Iterable[str]) -> Mapping[str, str]:
    """For keys at the top of a file that a registry's file or environment has there: what a fault says of them."""
    variables = {key: "is the registry's variable; write it under `endpoints:`" for key in keys if _VARIABLE in key}
    return _KEYS | variables
