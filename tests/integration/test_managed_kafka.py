"""A Kafka as managed services are: each way to authenticate, from a POST to the endpoint, and a limit for records."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kit import Receiver, eventually
from tests.kit.asgi_server import ASGIServer
from tests.kit.authority import authority
from tests.kit.bridge import Finished, Installation, endpoint
from tests.kit.managed_kafka import PASSWORD, SECRET, ManagedKafka, TokenAuthority
from tests.kit.notifications import Poster, envelopes, ids, wait_for_ids
from tests.kit.record_size_policy import LIMIT

pytestmark = pytest.mark.kafka

TOKENS = TokenAuthority()


@pytest.fixture(scope="module")
def managed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManagedKafka]:
    """One for this file."""
    folder = tmp_path_factory.mktemp("managed")
    with (
        ASGIServer(TOKENS) as tokens,
        ManagedKafka(folder, authority(folder), f"http://{tokens.address}") as running,
    ):
        yield running


@pytest.mark.parametrize("way", ["by_password", "by_certificate", "by_token"])
def test_events_get_through(managed: ManagedKafka, topic: str, tmp_path: Path, receiver: Receiver, way: str) -> None:
    """SCRAM over TLS, mutual TLS, and OAUTHBEARER with tokens of an OpenID provider: by every client of both halves."""
    settings = getattr(managed, way)()
    setup = Installation(
        settings["bootstrap.servers"],
        topic,
        tmp_path,
        endpoints=[endpoint("ci", receiver.url)],
        sections={"kafka": settings, "intake": {"max_body": "1MiB"}},
    )
    given = TOKENS.given
    done = setup.run_bridge("init")
    assert (0, True) == (done.code, done.stdout.startswith(f"topic {topic} exists")), done.stdout + done.stderr
    bodies = envelopes(2, 2)
    with setup.bridge() as bridge, setup.worker() as worker:
        bridge.wait_ready()
        worker.wait_ready()
        with Poster(f"http://{bridge.address}/events") as registry:
            assert [200] * len(bodies) == [registry.insist(body).status for body in bodies]
        wait_for_ids(receiver, ids(bodies))
        assert 0 == worker.terminate()
    assert (TOKENS.given > given) == (way == "by_token")


def test_who_is_not_known_is_told_why(managed: ManagedKafka, topic: str, tmp_path: Path) -> None:
    """One line with the cause, and no secret."""
    wrong = "wr0ng-s3cret"
    causes = {
        "Authentication failed": managed.by_password(wrong),
        "bad certificate": managed.without_certificate(),
        "invalid_client": managed.by_token(wrong),
    }

    def init(settings: Mapping[str, str]) -> Finished:
        folder = tmp_path / settings["bootstrap.servers"].rpartition(":")[2]
        kafka = {"kafka": dict(settings)}
        return Installation(managed.bootstrap, topic, folder, sections=kafka).run_bridge("init")

    def until_told(settings: Mapping[str, str]) -> list[Finished]:
        """All tries, as a slow Kafka may tell no cause within the 10 s of one."""
        tries: list[Finished] = []

        def is_told() -> bool:
            tries.append(init(settings))
            return "no answer within" not in tries[-1].stderr

        eventually(is_told)
        return tries

    with ThreadPoolExecutor(len(causes)) as pool:
        for cause, tries in zip(causes, pool.map(until_told, causes.values()), strict=True):
            for done in tries:
                said = done.stdout + done.stderr
                told = cause if done is tries[-1] else "no answer within"
                assert (1, 1) == (done.code, sum(told in line for line in said.splitlines())), (cause, said)
                assert not [secret for secret in (wrong, PASSWORD, SECRET) if secret in said]


def test_init_takes_the_limit_of_the_cluster_and_says_so(managed: ManagedKafka, topic: str, tmp_path: Path) -> None:
    """Both topics are created with the largest records that are allowed; with the body that fits nothing is said."""
    setup = Installation(managed.bootstrap, topic, tmp_path)
    done = setup.run_bridge("init")
    assert 0 == done.code, done.stderr
    said = f"topic {{}} has max.message.bytes={LIMIT}; it should be {{}}, or set intake.max_body to 2MiB or less"
    expected = [said.format(topic, 25165824), said.format(setup.dead_letters, 33554432)]
    assert expected == done.stdout.splitlines()[:2]
    assert 2 == done.stderr.count("topics.size_limited")
    fitting = Installation(managed.bootstrap, topic, tmp_path / "2", sections={"intake": {"max_body": "2MiB"}})
    done = fitting.run_bridge("init")
    assert (0, f"topic {topic} exists") == (done.code, done.stdout[: len(f"topic {topic} exists")])
