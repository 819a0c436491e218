"""Finding or registering the released schemas: which ids, in which order, who is asked what and how often."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from producer.schema_registration import Registration, registration_of
from runtime.config.settings import SchemaRegistrySettings
from runtime.schema_registry import FULL_TRANSITIVE, SchemaRefusedError, SchemaRegistry, SchemaRegistryUnavailableError
from schemas.catalog import CATALOG, Catalog, Release, fingerprint_of
from tests.kit.eventually import LIMIT_S
from tests.kit.exchange import Answer, Captured
from tests.kit.schema_registry import RestError, incompatible, unavailable
from tests.kit.schema_registry import SchemaRegistry as Stub
from tests.kit.still_clock import StillClock

TOPIC = "events"
SUBJECT = "events-value"
LEVEL = f"/config/{SUBJECT}"
LOOKUP = f"/subjects/{SUBJECT}"
VERSIONS = f"/subjects/{SUBJECT}/versions"
CLASHING = '{"type": "record", "name": "Event", "fields": [{"name": "id", "type": "int"}]}'
LAST = 2 + len(CATALOG.releases)
"""The id of the newest of our schemas at a registry that had two others."""


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A registry that has other schemas already, so that ids are not versions."""
    with Stub() as up:
        for number, name in enumerate(("other-value", "another-value"), start=1):
            assert number == up.register(name, f'{{"type": "record", "name": "R{number}", "fields": []}}')
        yield up


@pytest.fixture
def clock() -> StillClock:
    """The time."""
    return StillClock()


def client(stub: Stub) -> SchemaRegistry:
    """A client of the registry."""
    return SchemaRegistry(SchemaRegistrySettings(url=stub.url), program="tests", limit_s=LIMIT_S)


def catalog(releases: int) -> Catalog:
    """A catalog of invented releases, each with one more field, the newest last."""
    made = []
    for version in range(1, releases + 1):
        fields = [{"name": f"f{number}", "type": "int", "default": 0} for number in range(version)]
        schema = {"type": "record", "name": "Event", "namespace": "registry.notifications", "fields": fields}
        made.append(
            Release(version=version, id=5000 + version, fingerprint=fingerprint_of(schema), text=json.dumps(schema))
        )
    return Catalog(tuple(made))


def asked(stub: Stub) -> list[tuple[str, str]]:
    """The method and path of every request so far."""
    return [(one.method, one.path) for one in stub.requests]


def reads(request: Captured) -> bool:
    """Whether a user who may only read may do it."""
    return request.method == "GET" or request.path == LOOKUP


# The ids.


def test_without_a_registry_the_ids_are_pinned(clock: StillClock) -> None:
    """They are known at once, and nobody is asked."""
    registration = registration_of(None, TOPIC, clock, program="tests")
    assert {release.version: release.id for release in CATALOG.releases} == registration.ids
    assert (CATALOG.latest.id, CATALOG.latest.id) == (registration.latest, registration.complete())


def test_pinned_ids_of_several_releases(clock: StillClock) -> None:
    """Each release has its own; events are written with the latest."""
    registration = Registration(None, TOPIC, clock, catalog=catalog(3))
    assert {1: 5001, 2: 5002, 3: 5003} == registration.ids
    assert (5003, 5003) == (registration.latest, registration.complete())


def test_with_a_registry_nothing_is_known_before(stub: Stub, clock: StillClock) -> None:
    """Making one asks nobody; then the registry's ids count."""
    registration = registration_of(SchemaRegistrySettings(url=stub.url), TOPIC, clock, program="tests")
    assert ({}, None, []) == (registration.ids, registration.latest, stub.requests)
    given = {release.version: number for number, release in enumerate(CATALOG.releases, start=3)}
    latest = given[CATALOG.latest.version]
    assert latest == registration.complete()
    assert (given, latest) == (registration.ids, registration.latest)
    assert latest == client(stub).find(SUBJECT, CATALOG.latest.text)


def test_releases_are_registered_in_order_after_the_level(stub: Stub, clock: StillClock) -> None:
    """The level is set before the first version; each release is looked up before it is registered."""
    registration = Registration(client(stub), TOPIC, clock, catalog=catalog(3))
    assert 5 == registration.complete()
    assert {1: 3, 2: 4, 3: 5} == registration.ids
    each = [("POST", LOOKUP), ("POST", VERSIONS)]
    assert [("GET", LEVEL), ("PUT", LEVEL), *each, *each, *each] == asked(stub)
    sent = [json.loads(one.body)["schema"] for one in stub.requests if one.path == VERSIONS]
    assert [release.text for release in catalog(3).releases] == sent
    assert FULL_TRANSITIVE == client(stub).compatibility(SUBJECT)


def test_a_newer_bridge_adds_what_is_missing(stub: Stub, clock: StillClock) -> None:
    """Releases that are there keep their ids; only the new one is registered."""
    Registration(client(stub), TOPIC, clock, catalog=catalog(2)).complete()
    before = len(stub.requests)
    registration = Registration(client(stub), TOPIC, clock, catalog=catalog(3))
    assert 5 == registration.complete()
    assert {1: 3, 2: 4, 3: 5} == registration.ids
    assert [("GET", LEVEL), *[("POST", LOOKUP)] * 3, ("POST", VERSIONS)] == asked(stub)[before:]


def test_an_older_bridge_writes_with_its_own(stub: Stub, clock: StillClock) -> None:
    """It finds the ids of the releases it knows, though the subject has newer ones."""
    Registration(client(stub), TOPIC, clock, catalog=catalog(3)).complete()
    registration = Registration(client(stub), TOPIC, clock, catalog=catalog(2))
    assert (4, {1: 3, 2: 4}) == (registration.complete(), registration.ids)


def test_a_user_who_may_only_read_is_enough(stub: Stub, clock: StillClock) -> None:
    """Where schemas and level are there already, nothing is written."""
    Registration(client(stub), TOPIC, clock, catalog=catalog(2)).complete()
    stub.fail(RestError(403, 403, "read-only"), hits=lambda request: not reads(request))
    assert 4 == Registration(client(stub), TOPIC, clock, catalog=catalog(2)).complete()


def test_a_user_who_may_only_read_is_not_enough_for_a_new_subject(stub: Stub, clock: StillClock) -> None:
    """Then it says what is missing."""
    stub.fail(RestError(403, 403, "read-only"), hits=lambda request: not reads(request))
    with pytest.raises(SchemaRegistryUnavailableError, match="answers 403: its user may not do this"):
        Registration(client(stub), TOPIC, clock).complete()


@pytest.mark.parametrize("level", ["NONE", "BACKWARD", "FULL"])
def test_a_level_that_somebody_changed_is_set_again(stub: Stub, clock: StillClock, level: str) -> None:
    """Every version must stay readable by every other, whatever was set since."""
    Registration(client(stub), TOPIC, clock).complete()
    client(stub).set_compatibility(SUBJECT, level)
    Registration(client(stub), TOPIC, clock).complete()
    assert FULL_TRANSITIVE == client(stub).compatibility(SUBJECT)


def test_the_level_of_others_is_left_alone(stub: Stub, clock: StillClock) -> None:
    """Only our subject's level is touched, and only our subject has our schema."""
    client(stub).set_compatibility("other-value", "NONE")
    Registration(client(stub), TOPIC, clock).complete()
    assert "NONE" == client(stub).compatibility("other-value")
    assert client(stub).find("other-value", CATALOG.latest.text) is None


# Trouble.


def test_after_a_failure_further_calls_fail_at_once_for_a_second(stub: Stub, clock: StillClock) -> None:
    """A registry that is away is not asked by every caller; a second later it is."""
    stub.fail(unavailable())
    registration = Registration(client(stub), TOPIC, clock)
    told = _failure(registration)
    assert "answers 503" in told
    for step in (0.0, 0.5, 0.499):
        clock.now += step
        assert told == _failure(registration)
    assert 1 == len(stub.requests)
    clock.now += 0.002
    assert told == _failure(registration)
    assert 2 == len(stub.requests)
    stub.heal()
    assert told == _failure(registration)
    clock.now += 1.0
    assert (LAST, LAST) == (registration.complete(), registration.latest)


def _failure(registration: Registration) -> str:
    """What the next call says; nothing is known after it."""
    with pytest.raises(SchemaRegistryUnavailableError) as raised:
        registration.complete()
    assert ({}, None) == (registration.ids, registration.latest)
    return str(raised.value)


def test_a_failure_that_is_repeated_does_not_grow(stub: Stub, clock: StillClock) -> None:
    """However many callers are told the same within the second, none is told with the tracebacks of the others."""
    stub.fail(unavailable())
    registration = Registration(client(stub), TOPIC, clock)
    depths = []
    for _ in range(5):
        with pytest.raises(SchemaRegistryUnavailableError) as raised:
            registration.complete()
        depths.append(len(raised.traceback))
    assert [depths[1]] * 4 == depths[1:]


def test_a_failure_half_way_leaves_nothing_half_known(stub: Stub, clock: StillClock) -> None:
    """The second release fails: no id is used; the next try finds the first and goes on."""
    stub.fail(Answer(abort=True), hits=_nth(lambda request: request.path == VERSIONS, 2), times=1)
    registration = Registration(client(stub), TOPIC, clock, catalog=catalog(2))
    _failure(registration)
    clock.now += 1.0
    assert 4 == registration.complete()
    assert {1: 3, 2: 4} == registration.ids


def _nth(hits: Callable[[Captured], bool], number: int) -> Callable[[Captured], bool]:
    """Hits the request of this number only, from 1."""
    seen = 0

    def counted(request: Captured) -> bool:
        nonlocal seen
        seen += hits(request)
        return hits(request) and seen == number

    return counted


def test_a_refusal_is_told_and_not_asked_again_at_once(stub: Stub, clock: StillClock) -> None:
    """An incompatible schema in the subject: for a second the same at once; later somebody may have mended it."""
    stub.register(SUBJECT, CLASHING)
    registration = Registration(client(stub), TOPIC, clock)
    for _ in range(3):
        with pytest.raises(SchemaRefusedError, match=f"refuses the schema for subject {SUBJECT}: .*incompatible"):
            registration.complete()
    assert [("GET", LEVEL), ("PUT", LEVEL), ("POST", LOOKUP), ("POST", VERSIONS)] == asked(stub)
    assert ({}, None) == (registration.ids, registration.latest)
    stub.forget()
    clock.now += 1.0
    assert len(CATALOG.releases) == registration.complete()


def test_a_refusal_of_a_later_release_is_a_refusal(stub: Stub, clock: StillClock) -> None:
    """The first being accepted makes nothing known."""
    stub.fail(incompatible(SUBJECT), hits=_nth(lambda request: request.path == VERSIONS, 2))
    registration = Registration(client(stub), TOPIC, clock, catalog=catalog(2))
    with pytest.raises(SchemaRefusedError):
        registration.complete()
    assert ({}, None) == (registration.ids, registration.latest)


# Once.


def test_nothing_is_asked_again_once_known(stub: Stub, clock: StillClock) -> None:
    """Not even if the registry forgets everything, or goes away."""
    registration = Registration(client(stub), TOPIC, clock)
    assert LAST == registration.complete()
    before = len(stub.requests)
    stub.forget()
    clock.now += 1e6
    assert (LAST, LAST) == (registration.complete(), registration.latest)
    assert before == len(stub.requests)
    stub.stop()
    assert LAST == registration.complete()


def test_threads_that_come_at_once_register_once(stub: Stub, clock: StillClock) -> None:
    """One of them asks; the others wait for its answer."""
    registration = Registration(client(stub), TOPIC, clock, catalog=catalog(2))
    assert [4] * 8 == _at_once(registration.complete)
    each = [("POST", LOOKUP), ("POST", VERSIONS)]
    assert [("GET", LEVEL), ("PUT", LEVEL), *each, *each] == asked(stub)


def test_threads_that_come_at_once_fail_once(stub: Stub, clock: StillClock) -> None:
    """One of them is told by the registry, the others by it."""
    stub.fail(unavailable())
    registration = Registration(client(stub), TOPIC, clock)
    found = _at_once(lambda: _failure(registration))
    assert (1, 1) == (len(set(found)), len(stub.requests))


def _at_once(call: Callable[[], Any]) -> list[Any]:
    """What eight threads are answered that call at the same moment."""
    barrier = threading.Barrier(8)

    def called(_: int) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(called, range(8)))
