"""An outline of an event: the members that filters look at, named and nested as in `schemas.event`. Pure.

Most events that an endpoint reads are none that it wants, and a verdict needs few of their members.
"""

from msgspec import Struct


class TargetOutline(Struct, frozen=True, kw_only=True, gc=False):
    """Of the target."""

    media_type: str = ""
    repository: str = ""
    tag: str = ""


class RequestOutline(Struct, frozen=True, kw_only=True, gc=False):
    """Of the request."""

    method: str = ""
    useragent: str = ""


class ActorOutline(Struct, frozen=True, kw_only=True, gc=False):
    """Of the actor."""

    name: str = ""


class EventOutline(Struct, frozen=True, kw_only=True, gc=False):
    """Of the event."""

    action: str = ""
    target: TargetOutline = TargetOutline()
    request: RequestOutline = RequestOutline()
    actor: ActorOutline = ActorOutline()
    registry: str = ""
