"""Numbered events of many repositories as a registry's envelopes, a client that posts them, what arrived of them."""

import http.client
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from schemas.event import MEDIA_TYPE_V2
from tests.kit.eventually import LIMIT_S, eventually
from tests.kit.exchange import Captured
from tests.kit.receiver import Receiver

NONE: Mapping[str, str] = MappingProxyType({})


def event_json(repository: str, number: int, **members: Any) -> dict[str, Any]:
    """A push of tag NUMBER to a repository, in the shape of registry 3.x; `members` go over its own."""
    digest = f"sha256:{number:064x}"
    return {
        "id": f"{repository.replace('/', '-')}-{number}",
        "timestamp": "2026-01-02T03:04:05.678901234Z",
        "action": "push",
        "target": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest,
            "size": 528,
            "length": 528,
            "repository": repository,
            "url": f"http://registry.test/v2/{repository}/manifests/{digest}",
            "tag": str(number),
        },
        "request": {
            "id": "6bd7b8a6-2c56-4d3a-9c4a-9a4e0f4f5d3c",
            "addr": "192.0.2.7",
            "host": "registry.test",
            "method": "PUT",
            "useragent": "containerd/2.0",
        },
        "actor": {"name": "ci"},
        "source": {"addr": "registry:5000", "instanceID": "0a8f8f0e-5a6e-4d0e-8d7f-3b1f5a1f8a11"},
        **members,
    }


def envelope(*events: Mapping[str, Any]) -> bytes:
    """An envelope of these events, as a registry spells it."""
    return json.dumps({"events": events}, indent=3, ensure_ascii=False).encode()


def envelopes(repositories: int, each: int, *, first: int = 0) -> list[bytes]:
    """Single-event envelopes of `team/app0`, `team/app1`, ..., in turns; each repository's numbers count up."""
    return [
        envelope(event_json(f"team/app{repository}", number))
        for number in range(first, first + each)
        for repository in range(repositories)
    ]


@dataclass(frozen=True, slots=True)
class Reply:
    """The intake's answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Poster:
    """Posts to one URL, one request at a time, over a connection that is kept alive; for one thread.

    Leaving it, or `close`, closes the connection.

    Args:
        url: where to.
        headers: sent with each POST, over the Content-Type of registry 3.x.

    Attributes:
        again: how many times `insist` was answered 503 and came again: the log can have these events as often.
    """

    def __init__(self, url: str, headers: Mapping[str, str] = NONE) -> None:
        parts = urlsplit(url)
        self._address = parts.netloc
        self._path = parts.path
        self._headers = {"Content-Type": MEDIA_TYPE_V2, **headers}
        self.again = 0
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def post(self, body: bytes | Iterable[bytes], headers: Mapping[str, str] = NONE, *, path: str = "") -> Reply:
        """One POST; OSError or HTTPException if there is no answer. An iterable body goes out in chunks."""
        return self.request("POST", path or self._path, body, {**self._headers, **headers})

    def insist(
        self, body: bytes | Sequence[bytes], headers: Mapping[str, str] = NONE, *, path: str = "", excuse: bytes = b""
    ) -> Reply:
        """The first answer that is not 503: a registry comes again, for Kafka can be late whoever asks.

        With an `excuse`, a 503 that does not say it is an answer too.
        """

        def answered() -> Reply | None:
            reply = self.post(body, headers, path=path)
            is_late = reply.status == 503 and excuse in reply.body
            self.again += is_late
            return None if is_late else reply

        return eventually(answered)

    def request(
        self, method: str, path: str, body: bytes | Iterable[bytes] = b"", headers: Mapping[str, str] = NONE
    ) -> Reply:
        """One request; the connection is given up when it fails."""
        connection = self._connection or http.client.HTTPConnection(self._address, timeout=LIMIT_S)
        self._connection = connection
        begun = time.monotonic()
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, named, content, time.monotonic() - begun)

    def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event in one request that the receiver captured."""

    id: str
    repository: str
    number: int
    request: Captured


def arrivals(requests: Iterable[Captured]) -> list[Arrival]:
    """The events of these requests in the order of their arrival."""
    found = []
    for request in requests:
        for event in json.loads(request.body)["events"]:
            target = event["target"]
            found.append(Arrival(event["id"], target["repository"], int(target["tag"]), request))
    return found


def delivered(receiver: Receiver) -> list[Arrival]:
    """The events that the receiver has answered with 2xx."""
    return arrivals(request for request in receiver.requests if request.status is not None and request.status < 300)


def ids(bodies: Iterable[bytes]) -> set[str]:
    """The ids of the events in these envelopes."""
    return {event["id"] for body in bodies for event in json.loads(body)["events"]}


def repeats(found: Sequence[Arrival]) -> int:
    """How many of these are not the first of their id."""
    return len(found) - len({arrival.id for arrival in found})


def wait_for_ids(receiver: Receiver, wanted: set[str], timeout: float = LIMIT_S) -> list[Arrival]:
    """What was delivered, as soon as every wanted event was; AssertionError naming what is missing."""
    seen: set[str] = set()
    looked = 0

    def complete(requests: list[Captured]) -> bool:
        nonlocal looked
        while looked < len(requests) and requests[looked].status is not None:
            request = requests[looked]
            if request.status is not None and request.status < 300:
                seen.update(event["id"] for event in json.loads(request.body)["events"])
            looked += 1
        if wanted <= seen:
            return True
        rest = {arrival.id for arrival in arrivals(r for r in requests[looked:] if r.status in {200, 202, 204})}
        return wanted <= seen | rest

    try:
        receiver.wait_until(complete, timeout)
    except AssertionError as error:
        have = {arrival.id for arrival in delivered(receiver)}
        missing = sorted(wanted - have)
        raise AssertionError(f"{len(missing)} of {len(wanted)} missing, e.g. {missing[:5]}; {error}") from None
    return delivered(receiver)


def assert_in_order(requests: Sequence[Captured]) -> None:
    """No event was sent before every earlier one of its repository had been delivered."""
    done: defaultdict[str, set[int]] = defaultdict(set)
    moments: list[tuple[float, int, Arrival]] = []
    for arrival in arrivals(requests):
        moments.append((arrival.request.arrived, 1, arrival))
        if arrival.request.answered is not None and arrival.request.status == 200:
            moments.append((arrival.request.answered, 0, arrival))
    for _, is_arrival, arrival in sorted(moments, key=lambda moment: moment[:2]):
        finished = done[arrival.repository]
        if is_arrival:
            owed = set(range(arrival.number)) - finished
            assert not owed, f"{arrival.id} was sent while {sorted(owed)[:5]} of its repository were not delivered"
        else:
            finished.add(arrival.number)


def assert_one_at_a_time(requests: Sequence[Captured]) -> None:
    """No two requests of one repository were in flight at once, as far as both were answered."""
    free_from: defaultdict[str, float] = defaultdict(float)
    answered = [arrival for arrival in arrivals(requests) if arrival.request.answered is not None]
    for arrival in sorted(answered, key=lambda one: one.request.arrived):
        until = free_from[arrival.repository]
        assert arrival.request.arrived >= until, f"{arrival.id} came {until - arrival.request.arrived:.4f} s too early"
        free_from[arrival.repository] = arrival.request.answered or until


def assert_same_bytes(found: Iterable[Arrival]) -> None:
    """Each repeat of an event has the webhook-id and the bytes of its first delivery."""
    first: dict[str, tuple[str | None, bytes]] = {}
    for arrival in found:
        sent = (arrival.request.header("webhook-id"), arrival.request.body)
        assert first.setdefault(arrival.id, sent) == sent
        assert sent[0] == arrival.id


def doubles(found: Sequence[Arrival]) -> dict[str, int]:
    """The events that came more than once, and how often."""
    return {name: count for name, count in Counter(arrival.id for arrival in found).items() if count > 1}
