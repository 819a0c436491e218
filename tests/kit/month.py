"""A month of two registries for a report to draw: busy days and idle ones, texts that mean harm, endless names.

The same each time. Knows nothing of how a page shows it.
"""

import random
from collections.abc import Iterator
from typing import Any, Final

from tests.kit.parquet_rows import row, undecodable

DAYS: Final = 30
RAN: Final = "planted"
"""The name that a script in these texts would give to `window` if it ran."""
SCRIPT: Final = f"<script>window.{RAN} = 1</script>"
IMAGE: Final = f"\"'><img src=x onerror='window.{RAN} = 1'>"
LONG: Final = "/".join(["a-very-long-path-component-that-nobody-can-break"] * 5)[:255]
TURNED: Final = "evil\u202e\x1b[31m\x00end"

_REPOSITORIES: Final = (
    "team/app",
    "team/api",
    "team/web",
    "library/postgres",
    "library/redis",
    "platform/base/python",
    "platform/base/jre",
    "ml/notebook",
    "ops/backup",
    "mirror/alpine",
    "shop/checkout",
    "shop/search",
    SCRIPT,
    LONG,
)
_TAGS: Final = ("latest", "v1.2", "v1.3", "2026.11", IMAGE, "t" * 128)
_CLIENTS: Final = (
    "docker/24.0.5 go/go1.20.6",
    "containerd/1.7.2",
    "containerd/2.0.1",
    "skopeo/1.9.3",
    "cri-o/1.28.0",
    "Go-http-client/1.1",
    SCRIPT,
    "Mozilla/5.0 " + "x" * 300,
)
_ADDRESSES: Final = (*(f"203.0.113.{n}" for n in range(1, 16)), "2001:db8:85a3:1234:5678:8a2e:370:7334", IMAGE)
_ACTORS: Final = ("ci", "deploy-bot", None, SCRIPT, TURNED, "robot$" + "n" * 120)
_DAY: Final = 86_400
_FREE: Final = 6
"""The days of the week; on the last nobody works."""


def month() -> list[dict[str, Any]]:
    """Rows for an export, in the order of their time."""
    chance = random.Random(7)
    rows = [one for day in range(DAYS) for one in _day(chance, day)]
    return sorted([*rows, *(undecodable(at=_DAY * n) for n in range(3))], key=lambda one: one["accepted_at"])


def _day(chance: random.Random, day: int) -> Iterator[dict[str, Any]]:
    if day % 7 == _FREE:
        return
    for n in range(chance.randint(20, 90)):
        yield _pull(chance, day, n)
    for _ in range(chance.randint(2, 6)):
        yield from _push(chance, day)
    for _ in range(chance.randint(0, 3)):
        yield _push_elsewhere(chance, day)
    if day % 5 == 0:
        yield row("delete", "tag", tag=chance.choice(_TAGS), at=_at(chance, day), **_who(chance))


def _pull(chance: random.Random, day: int, n: int) -> dict[str, Any]:
    if n % 3 == 0:
        size = chance.choice((4 << 10, 80 << 20, 3 << 30))
        return row("pull", "blob", digest=_digest(chance), size_bytes=size, at=_at(chance, day), **_who(chance))
    method = "HEAD" if n % 7 == 0 else "GET"
    at, digest = _at(chance, day), _digest(chance)
    tag = chance.choice(_TAGS)
    return row("pull", "manifest", tag=tag, digest=digest, request_method=method, at=at, **_who(chance))


def _push(chance: random.Random, day: int) -> Iterator[dict[str, Any]]:
    who, at = _who(chance), _at(chance, day)
    yield row("push", "blob", digest=_digest(chance), size_bytes=chance.randint(1 << 20, 1 << 31), at=at, **who)
    yield row("mount", "blob", digest=_digest(chance), size_bytes=1 << 20, from_repository=LONG, at=at + 1, **who)
    yield row("push", "manifest", tag=chance.choice(_TAGS), digest=_digest(chance), at=at + 2, **who)


def _push_elsewhere(chance: random.Random, day: int) -> dict[str, Any]:
    """To a registry that sends no more than this, and no pulls."""
    known = {"registry": "hub", "source_format": "docker-hub", "repository": "acme/app", "actor": "ann"}
    unknown = dict.fromkeys(("client_ip", "user_agent", "request_method", "source_addr", "media_type"))
    return row("push", "manifest", tag=chance.choice(_TAGS), at=_at(chance, day), **known, **unknown)


def _who(chance: random.Random) -> dict[str, Any]:
    weights = range(len(_REPOSITORIES), 0, -1)
    return {
        "repository": chance.choices(_REPOSITORIES, weights)[0],
        "client_ip": chance.choice(_ADDRESSES),
        "user_agent": chance.choice(_CLIENTS),
        "actor": chance.choice(_ACTORS),
        "registry": "eu",
        "source_instance": "2c5f9f3a-8a70-4d0e-9a8e-0f3f8c1b7d11",
    }


def _at(chance: random.Random, day: int) -> float:
    """Seconds: mostly by day, within 19 hours so that the day stays the day."""
    return day * _DAY - 10 * 3600 + abs(chance.gauss(9, 3)) % 19 * 3600


def _digest(chance: random.Random) -> str:
    return f"sha256:{chance.randint(1, 40):064x}"
