"""Amazon ECR's events from EventBridge, read."""

import json

import pytest

from producer.sources.ecr import read
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError
from schemas import Event, RequestRecord, Target
from tests.kit.foreign_samples import sample

EXPECTED = "must be an object with `source` aws.ecr, `detail-type` and `detail`, as EventBridge sends it"
_DIGEST = "sha256:a4aec7e2c2eb07c9a9510dff6f3642a22cd24f06f62f3462d038a47348cfca13"
_HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def _event(number: int, action: str, *, tag: str = "", media_type: str = "", host: str = _HOST) -> Event:
    return Event(
        id=f"13cde686-328b-6117-af20-0e55661674{number:02}",
        timestamp=f"2026-05-01T10:00:{number:02}Z",
        action=action,
        target=Target(
            media_type=media_type,
            digest=_DIGEST,
            repository="shop/web",
            url=f"https://{host}/v2/shop/web/manifests/{_DIGEST}",
            tag=tag,
        ),
        request=RequestRecord(host=host),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("push", _event(1, "push", tag="v3", media_type=_MANIFEST)),
        ("push-untagged", _event(2, "push", host="123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn")),
        ("delete", _event(3, "delete", tag="v3")),
    ],
)
def test_images(name: str, expected: Event) -> None:
    """A push or a delete has id, time, registry, repository and digest, and tag and media type if they are told."""
    reading = read(sample("ecr", name).post)
    assert (reading.events, reading.others) == ([expected], [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("push-failed", _event(4, "failed", tag="v3")),
        ("archive", _event(5, "storage", media_type=_MANIFEST)),
        ("scan", _event(6, "scan", tag="v3")),
        ("replication", _event(9, "replication", tag="v3")),
        ("referrer", _event(10, "referrer", media_type=_MANIFEST)),
    ],
)
def test_other_events_of_an_image(name: str, expected: Event) -> None:
    """What is no push or delete that has succeeded is of another kind, with what is known of the image."""
    reading = read(sample("ecr", name).post)
    assert (reading.events, reading.others) == ([], [expected])


@pytest.mark.parametrize(
    ("name", "action", "repository"),
    [("scan-frequency", "scan", ""), ("pull-through", "cache", "docker-hub/alpine"), ("api-call", "other", "")],
)
def test_other_events(name: str, action: str, repository: str) -> None:
    """The kind is that of `detail-type`, and one that is not known is another."""
    [event] = read(sample("ecr", name).post).others
    assert (event.action, event.target.repository) == (action, repository)


@pytest.mark.parametrize(
    ("account", "region", "host"),
    [
        ("123456789012", "us-gov-west-1", "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com"),
        ("123456789012", "us-iso-east-1", ""),
        ("12", "eu-west-1", ""),
        ("123456789012", "Ireland", ""),
    ],
)
def test_the_host(account: str, region: str, host: str) -> None:
    """The registry's host is that of account and region, and unknown if one of them is none that it could have."""
    detail = {"action-type": "PUSH", "result": "SUCCESS", "repository-name": "shop/web", "image-digest": _DIGEST}
    body = {"source": "aws.ecr", "detail-type": "ECR Image Action", "account": account, "region": region}
    [event] = read(ForeignPost(json.dumps({**body, "detail": detail}).encode(), "application/json", {})).events
    assert event.request.host == host
    assert bool(event.target.url) == bool(host)


def test_an_unknown_action() -> None:
    """An action on an image that is not known is another event, whatever its result."""
    detail = {"action-type": "RENAME", "repository-name": "shop/web"}
    body = {"source": "aws.ecr", "detail-type": "ECR Image Action", "detail": detail}
    [event] = read(ForeignPost(json.dumps(body).encode(), "application/json", {})).others
    assert event.action == "other"


@pytest.mark.parametrize("named", [{}, {"repository-name": "shop/web"}, {"image-digest": _DIGEST}])
def test_a_push_of_nothing(named: dict[str, str]) -> None:
    """A push that names no image is refused."""
    detail = {"action-type": "PUSH", "result": "SUCCESS", **named}
    body = json.dumps({"source": "aws.ecr", "detail-type": "ECR Image Action", "detail": detail}).encode()
    with pytest.raises(NotThisFormatError, match=r"^detail: must name a repository, and a digest or a tag of it"):
        read(ForeignPost(body, "application/json", {}))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'"text"', "the body must be a JSON object"),
        (b'{"source":"aws.ec2","detail-type":"x","detail":{}}', EXPECTED),
        (b'{"source":"aws.ecr","detail":{}}', EXPECTED),
        (b'{"source":"aws.ecr","detail-type":"ECR Image Action","detail":[]}', EXPECTED),
    ],
)
def test_another_body(body: bytes, message: str) -> None:
    """A body that is no event of ECR is refused with what was expected, and where."""
    with pytest.raises(NotThisFormatError) as refused:
        read(ForeignPost(body, "application/json", {}))
    assert str(refused.value) == message
