"""An event that was made, not read, against the limits of one. Pure."""

from typing import Final

from schemas.event import Descriptor, Event
from schemas.limits import MAX_REFERENCES, MAX_VALUES, has_more_values
from schemas.utf8 import utf8
from schemas.wire import typed_json

_MOST_MEMBERS: Final = 64
"""More than the members of an event without its references and what is listed in its target."""
_MOST_OF_REFERENCE: Final = 16
"""More than the members of a reference without what is listed in it, itself included."""


def excess_of(event: Event) -> str:
    """Why no worker would take a record of this event; empty if they do."""
    references = event.target.references
    if len(references) > MAX_REFERENCES:
        return f"the event has {len(references):,} references; the most is {MAX_REFERENCES:,}"
    most = _MOST_MEMBERS + _listed(event.target) + sum(_MOST_OF_REFERENCE + _listed(one) for one in references)
    if (most > MAX_VALUES and has_more_values(typed_json(event))) or has_more_values(utf8(event.original)):
        return f"the JSON of the event has more than {MAX_VALUES:,} values (members of objects and items of lists)"
    return ""


def _listed(descriptor: Descriptor) -> int:
    features = descriptor.platform.os_features if descriptor.platform else ()
    return len(descriptor.urls) + len(descriptor.annotations) + len(features)
