"""The pages of the sources, tried: the configuration of each as it stands there, and a sender that proves itself so."""

import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from broker import LocalKafka
from tests.kit import Process
from tests.kit.bridge import Installation
from tests.kit.foreign_samples import Sample, sample
from tests.kit.notifications import Poster, Reply, envelope, event_json
from tests.kit.paths import DOCS

pytestmark = pytest.mark.kafka

SECRETS: Mapping[str, str] = {
    "INTAKE_TOKEN": "intake-secret-of-these-tests",
    "GITHUB_WEBHOOK_SECRET": "It's a secret of GitHub's hook",
    "GITEA_WEBHOOK_SECRET": "gitea-secret-of-these-tests",
    "DOCKER_HUB_TOKEN": "hub-token-of-these-tests",
    "QUAY_TOKEN": "quay-token-of-these-tests",
}
GITLAB = Sample(
    "gitlab",
    "push",
    {"content-type": "application/vnd.docker.distribution.events.v1+json"},
    envelope(event_json("shop/web", 1)),
)
PUSHES: Mapping[str, Sample] = {
    "acr": sample("acr", "push"),
    "cloudevents": sample("cloudevents", "structured"),
    "docker-hub": sample("docker-hub", "push"),
    "ecr": sample("ecr", "push"),
    "gitea": sample("gitea", "created"),
    "github": sample("github", "published"),
    "gitlab": GITLAB,
    "harbor": sample("harbor", "push"),
    "quay": sample("quay", "push"),
    "zot": sample("zot", "updated"),
}
"""By page, what is pushed there."""


def source_of(page: str) -> dict[str, Any]:
    """The source in the first configuration that a page shows."""
    [block, *_] = re.findall(r"```yaml\n(.*?)```", (DOCS / "sources" / f"{page}.md").read_text("utf-8"), re.DOTALL)
    [source] = yaml.safe_load(block)["intake"]["sources"]
    found: dict[str, Any] = source
    return found


def proof_of(source: Mapping[str, Any], body: bytes) -> tuple[str, dict[str, str]]:
    """The query and the headers by which a sender proves itself, as its own documentation says."""
    match source:
        case {"format": "github"}:
            digits = hmac.digest(SECRETS["GITHUB_WEBHOOK_SECRET"].encode(), body, "sha256").hex()
            return "", {"X-Hub-Signature-256": f"sha256={digits}"}
        case {"format": "gitea"}:
            digits = hmac.digest(SECRETS["GITEA_WEBHOOK_SECRET"].encode(), body, "sha256").hex()
            return "", {"X-Gitea-Signature": digits}
        case {"token": token}:
            return f"?token={SECRETS[token.strip('${}')]}", {}
        case _:
            return "", {"Authorization": f"Bearer {SECRETS['INTAKE_TOKEN']}"}


@pytest.fixture(scope="module")
def bridge(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """An intake with the sources of all these pages; what it says is searched for secrets when it has ended."""
    setup = Installation(
        kafka.bootstrap,
        "test-source-pages",
        tmp_path_factory.mktemp("source-pages"),
        sections={
            "intake": {"authorization": "Bearer ${INTAKE_TOKEN}", "sources": [source_of(page) for page in PUSHES]}
        },
    )
    with setup.bridge("--log-level", "debug", environment=SECRETS) as running:
        running.wait_ready()
        yield running
        said = running.stderr + running.stdout
    assert [name for name, secret in SECRETS.items() if secret in said] == []


def posted(bridge: Process, name: str, sent: Sample, proof: tuple[str, Mapping[str, str]]) -> Reply:
    """What the intake answers to a sample with this query and these headers."""
    query, headers = proof
    with Poster(f"http://{bridge.address}/") as poster:
        own = {header.title(): value for header, value in sent.headers.items()}
        return poster.insist(sent.body, {**own, **headers}, path=f"/events/{name}{query}")


def test_all_pages_are_here() -> None:
    """Each page is tried, but that of the registry which needs no source."""
    assert PUSHES.keys() | {"distribution"} == {page.stem for page in (DOCS / "sources").glob("*.md")}


@pytest.mark.parametrize("page", PUSHES)
def test_a_push_with_the_proof_of_its_page(bridge: Process, page: str) -> None:
    """A sender that is set up as the page says is answered 200, and its push is an event."""
    source, sent = source_of(page), PUSHES[page]
    reply = posted(bridge, source["name"], sent, proof_of(source, sent.body))
    assert (reply.status, reply.json) == (200, {"accepted": 1})


@pytest.mark.parametrize("page", PUSHES)
def test_a_push_without_its_proof(bridge: Process, page: str) -> None:
    """The same push is answered 401 without a proof, with a wrong one, and with the signature of another body."""
    source, sent = source_of(page), PUSHES[page]
    query, headers = proof_of(source, sent.body)
    wrong = f"{query}0" if query else "", {name: f"{value}0" for name, value in headers.items()}
    bad = [("", {}), wrong]
    if "hmac" in source:
        bad.append(proof_of(source, b"another body"))
    assert {posted(bridge, source["name"], sent, proof).status for proof in bad} == {401}
