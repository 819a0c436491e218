"""What Amazon ECR sends through EventBridge: pushes and deletes of images, and its other events. Pure."""

import re
from typing import Final

from msgspec import Struct, field

from producer.sources.image_names import manifest_url
from producer.sources.json_body import members_as
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, PostReading
from producer.sources.times import utc_time
from schemas.event import Event, RequestRecord, Target

__all__ = ["KINDS", "read"]

KINDS: Final = ("cache", "failed", "referrer", "replication", "scan", "storage", "other")

_SOURCE: Final = "aws.ecr"
_EXPECTED: Final = "must be an object with `source` aws.ecr, `detail-type` and `detail`, as EventBridge sends it"
_IMAGE_ACTION: Final = "ECR Image Action"
_ACTIONS: Final = {"PUSH": "push", "DELETE": "delete"}
_KIND_OF: Final = {
    "ECR Image Scan": "scan",
    "ECR Scan Resource Change": "scan",
    "ECR Pull Through Cache Action": "cache",
    "ECR Replication Action": "replication",
    "ECR Referrer Action": "referrer",
}
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d", re.ASCII)
_ACCOUNT: Final = re.compile(r"\d{12}", re.ASCII)
_DOMAINS: Final = (("cn-", "amazonaws.com.cn"), ("us-iso", ""), ("eu-iso", ""), ("", "amazonaws.com"))
"""The domain of a region by its prefix, the first that fits; those of the isolated regions are not published here."""


class _ECRDetail(Struct, frozen=True, rename="kebab"):
    action_type: str = ""
    result: str = ""
    repository_name: str = ""
    image_digest: str = ""
    image_tag: str = ""
    image_tags: list[str] = []
    manifest_media_type: str = ""


class _BridgedEvent(Struct, frozen=True):
    id: str = ""
    detail_type: str = field(default="", name="detail-type")
    source: str = ""
    account: str = ""
    time: str = ""
    region: str = ""
    detail: _ECRDetail | None = None


def read(post: ForeignPost) -> PostReading:
    """A push or a delete that has succeeded, or one event of another kind.

    Raises:
        NotThisFormatError: `source` is not `aws.ecr`, it has no `detail-type` or no `detail`, or no image is named.
    """
    body = members_as(post.body, _BridgedEvent)
    if body.source != _SOURCE or not body.detail_type or body.detail is None:
        raise NotThisFormatError(_EXPECTED)
    action = _action(body.detail_type, body.detail)
    event = _event(body, body.detail, action)
    if action in KINDS:
        return PostReading(others=[event])
    if not event.target.repository or not (event.target.digest or event.target.tag):
        raise NotThisFormatError("must name a repository, and a digest or a tag of it", "detail")
    return PostReading([event])


def _action(detail_type: str, detail: _ECRDetail) -> str:
    if detail_type != _IMAGE_ACTION:
        return _KIND_OF.get(detail_type, "other")
    if detail.action_type == "UPDATE_STORAGE_CLASS":
        return "storage"
    action = _ACTIONS.get(detail.action_type, "other")
    return action if detail.result == "SUCCESS" or action == "other" else "failed"


def _event(body: _BridgedEvent, detail: _ECRDetail, action: str) -> Event:
    host = _host(body.account, body.region)
    repository, digest = detail.repository_name, detail.image_digest
    return Event(
        id=body.id,
        timestamp=utc_time(body.time),
        action=action,
        target=Target(
            media_type=detail.manifest_media_type,
            digest=digest,
            repository=repository,
            url=manifest_url(host, repository, digest),
            tag=detail.image_tag or (detail.image_tags[0] if len(detail.image_tags) == 1 else ""),
        ),
        request=RequestRecord(host=host),
    )


def _host(account: str, region: str) -> str:
    """The registry of an account in a region; empty if it cannot be told."""
    domain = next(domain for prefix, domain in _DOMAINS if region.startswith(prefix))
    if not domain or not _REGION.fullmatch(region) or not _ACCOUNT.fullmatch(account):
        return ""
    return f"{account}.dkr.ecr.{region}.{domain}"
