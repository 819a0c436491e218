"""Weeks of images in use, for a report to count: every rule of the report has something to decide in them.

Indexes whose children are known or not, digests with several tags, uses by digest, checks, a source that sends neither
method nor client, one that sends neither id nor time, records that stand twice, deletes of each kind, damaged bytes. No
two events are at the same moment, so that each answer is the only right one. The same each time.
"""

import random
from collections.abc import Iterator
from typing import Any, Final

from tests.kit.parquet_rows import row, undecodable

EVENTS: Final = 1500
TAG: Final = "latest"
_STEP_S: Final = 37.000001
_REPOSITORIES: Final = ("team/app", "team/api", "library/redis", "it's/odd")
_TAGS: Final = (TAG, "v1", "v2", f"sha256-{'c' * 64}", f"sha256-{'d' * 64}.sig")
_PROGRAMS: Final = (
    "docker/24.0.5 go/go1.20.6",
    "containerd/v1.7.2",
    "regclient/regctl (v0.5.1)",
    "libpod/4.9 (x)",
    "",
    None,
)
_ADDRESSES: Final = ("203.0.113.1", "203.0.113.2", None)
_REGISTRIES: Final = ("eu", "us", None)


def uses_of_images() -> list[dict[str, Any]]:
    """Rows for an export, in the order of their time."""
    chance = random.Random(11)
    rows: list[dict[str, Any]] = []
    for number in range(EVENTS):
        rows.extend(_some(chance, number * _STEP_S, number))
    return [one | {"event_id": one.get("event_id", f"id-{place}")} for place, one in enumerate(rows)]


def _some(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    """An event or a few, by chance."""
    kinds = (_pull_of_an_index, _push, _pull, _blob, _delete, _from_harbor, _from_quay, _other, _twice, _damaged)
    [make] = chance.choices(kinds, (30, 16, 20, 14, 5, 5, 4, 2, 3, 1))
    yield from make(chance, at, number)


def _pull_of_an_index(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    """By tag or digest, then a child at once or too late; with two clients between each other."""
    where, digest = _where(chance), chance.randint(0, 9)
    tag = chance.choice((*_TAGS, None))
    yield row("pull", "index", tag=tag, digest=_digest("index", digest), at=at, **where)
    for child in range(chance.randint(0, 2)):
        late = chance.choice((0.5, 20, 59.9, 61))
        found = _digest("child", chance.choice((digest * 2 + child, chance.randint(0, 19))))
        yield row("pull", "manifest", digest=found, at=at + late + child / 7 + number / 1e5, **where)


def _push(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    where, digest = _where(chance), chance.randint(0, 9)
    known = digest % 2 == 0
    refs = [_digest("child", digest * 2), _digest("child", digest * 2 + 1)] if known else None
    yield row("push", "index", tag=chance.choice(_TAGS), digest=_digest("index", digest), refs=refs, at=at, **where)
    yield row("push", "manifest", tag=chance.choice(_TAGS), digest=_digest("child", digest), at=at + 0.3, **where)


def _pull(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    """Of a manifest, by tag or digest; a check; a pull without a method."""
    tag, method = chance.choice((*_TAGS, None, None)), chance.choice(("GET", "GET", "HEAD", None))
    digest = _digest("child", chance.randint(0, 19))
    yield row("pull", "manifest", tag=tag, digest=digest, request_method=method, at=at, **_where(chance))


def _blob(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    action = chance.choice(("push", "pull", "mount"))
    size = chance.choice((None, 0, chance.randint(1, 1 << 40)))
    source = chance.choice(_REPOSITORIES) if action == "mount" else None
    digest = _digest("blob", chance.randint(0, 30))
    yield row(action, "blob", digest=digest, size_bytes=size, from_repository=source, at=at, **_where(chance))


def _delete(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    """Of a tag, of a digest that was a manifest, an index, a blob or is not known, of a repository."""
    where = _where(chance)
    thing = chance.choice(("index", "child", "blob", "never-seen"))
    yield chance.choice(
        (
            row("delete", "tag", tag=chance.choice(_TAGS), at=at, **where),
            row("delete", "unknown", digest=_digest(thing, chance.randint(0, 9)), at=at, **where),
            row("delete", "repository", at=at, **where),
        )
    )


def _from_harbor(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    """Neither method nor client."""
    said = {"registry": "harbor", "source_format": "harbor", "repository": "proxy/app", "actor": "robot"}
    nothing = dict.fromkeys(("client_ip", "user_agent", "request_method", "source_addr"))
    action, digest = chance.choice(("push", "pull")), _digest("child", chance.randint(0, 5))
    yield row(action, "manifest", tag=chance.choice(("v1", None)), digest=digest, at=at, **said, **nothing)


def _from_quay(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    """Neither id, time nor digest: the id is made of the body, which is the same for two pushes of a tag."""
    said = {"registry": chance.choice(("quay", "quay-2")), "source_format": "quay", "repository": "acme/app"}
    nothing = dict.fromkeys(("client_ip", "user_agent", "request_method", "source_addr", "event_time"))
    tag = chance.choice(("v1", "v2"))
    for again in range(chance.randint(1, 3)):
        pushed = row("push", "manifest", tag=tag, at=at + again * 130, **said)
        yield pushed | nothing | {"event_id": f"sha256-{tag}"}


def _other(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    yield row(chance.choice(("scan", "quota")), "unknown", at=at, registry="harbor", source_format="harbor")


def _twice(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    """A registry that was answered 503 sends the event again."""
    where, tag = _where(chance), chance.choice(_TAGS)
    for again in range(2):
        sent = row("pull", "manifest", tag=tag, digest=_digest("child", 1), at=at + again, **where)
        yield sent | {"event_id": f"again-{number}", "event_time": row("pull", "manifest", at=at)["event_time"]}


def _damaged(chance: random.Random, at: float, number: int) -> Iterator[dict[str, Any]]:
    yield undecodable(at=at)


def _where(chance: random.Random) -> dict[str, Any]:
    return {
        "repository": chance.choice(_REPOSITORIES),
        "registry": chance.choice(_REGISTRIES),
        "client_ip": chance.choice(_ADDRESSES),
        "user_agent": chance.choice(_PROGRAMS),
        "actor": chance.choice(("ann", "bob", None)),
        "source_addr": chance.choice(("registry-0:5000", "registry-1:5000")),
    }


def _digest(thing: str, number: int) -> str:
    return f"sha256:{thing}{number:0{64 - len(thing)}d}"
