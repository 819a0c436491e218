"""Azure Container Registry: the registry's own event, without an envelope around it. Pure."""

from typing import Final

import msgspec
from msgspec.structs import replace

from producer.sources.image_names import manifest_url
from producer.sources.json_body import json_value
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, PostReading
from schemas.actions import ACTIONS
from schemas.envelope import read_text
from schemas.event import MEDIA_TYPE_V2, Event, Target
from schemas.wire import typed_json

KINDS: Final = ("ping", "chart", "quarantine", "other")
_KIND_OF: Final = {"ping": "ping", "chart_push": "chart", "chart_delete": "chart", "quarantine": "quarantine"}


def read(post: ForeignPost) -> PostReading:
    """Its one event, with the URL that Azure leaves out.

    Raises:
        NotThisFormatError: it is no event.
    """
    found = bare_event(post)
    return PostReading([replace(event, target=_with_url(event)) for event in found.events], found.others)


def bare_event(post: ForeignPost) -> PostReading:
    """The event of a body that is one, with no more members than it has.

    Raises:
        NotThisFormatError: it is none.
    """
    value = json_value(post.body)
    if not isinstance(value, dict) or not isinstance(value.get("action"), str):
        raise NotThisFormatError("must be one event, an object with `action` and `target`, as Azure sends it")
    event = read_text(post.body, content_type=MEDIA_TYPE_V2)
    if event.action not in ACTIONS:
        kind = _KIND_OF.get(event.action, "other")
        return PostReading(others=[replace(event, action=kind, original="")])
    return PostReading([replace(event, original="") if _gives_back(event, value) else event])


def _with_url(event: Event) -> Target:
    """The target, with the URL that the source leaves out."""
    target = event.target
    url = target.url or manifest_url(event.request.host, target.repository, target.digest)
    return replace(target, url=url)


def _gives_back(event: Event, value: object) -> bool:
    """Whether the typed members hold all of the event's text; its bytes are kept as those of the body."""
    return _holds(msgspec.json.decode(typed_json(event)), value)


def _holds(whole: object, part: object) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and _holds(whole[key], member) for key, member in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(_holds, whole, part))
    return type(whole) is type(part) and whole == part
