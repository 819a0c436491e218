"""How much one envelope and one event may hold; what holds more is refused whole, wherever it comes in. Pure.

A few MiB of JSON or Avro can stand for gigabytes of objects, so the content is counted before any object is made.

An envelope is within the limits if it has at most `MAX_EVENTS` events and `MAX_VALUES` values, all its events together;
an event if its JSON has at most `MAX_VALUES` values, and its target at most `MAX_REFERENCES` references.

- In JSON the values are the items of lists and the members of objects, at every depth, unknown members included.
- In Avro they are the items of arrays and the entries of maps, at every depth: references, urls, OS features,
  annotations. Fields are not counted: the record that has them is an item itself, or one of the few of every event.
  `original` is JSON, and counts as such, by itself.

The Avro count of an event is never above its JSON count, so a record of an event that was accepted within the limits
is within them. All programs of this project use these constants, so that no worker meets what an intake accepted and
it cannot take.

No registry's event exceeds them. Registries take manifests of 4 MiB; the shortest reference in one, a descriptor with
nothing but a digest, has 110 bytes, so there are 38,130 at most. A value takes at least 25 bytes of an envelope as
registries indent it, so 8 MiB hold 335,544. A registry sends one event an envelope; a worker of this project, whose
endpoint may be another intake, at most 1,000.
"""

import re
from typing import Final

__all__ = ["LONGEST_NAME", "MAX_EVENTS", "MAX_REFERENCES", "MAX_VALUES", "has_more_values"]

MAX_EVENTS: Final = 10_000
"""Events of one envelope."""
MAX_VALUES: Final = 350_000
"""Values of one envelope, and so of each of its events."""
MAX_REFERENCES: Final = 40_000
"""Items of `target.references` of one event: of all values these cost most, about 20 times a text."""
LONGEST_NAME: Final = 1024
"""Characters of a repository, an action or an address that go into a record's key and headers, and into rows of tags.

Registries have shorter ones (a repository at most 255), and whoever can POST can write any: one of 8 MiB would be four
times in its record, which Kafka would never take. The event has it whole, whatever its length.
"""

_VALUE: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?+|,|[\[{](?![ \t\n\r]*+[\]}])', re.DOTALL)
"""A string, or what stands for a value: the comma before it, or the beginning of the list or object it is first in."""
_QUOTE: Final = ord('"')


def has_more_values(text: bytes, limit: int = MAX_VALUES) -> bool:
    """Whether JSON text has more values than `limit`; of text that is no JSON nothing is promised."""
    if text.count(b",") + text.count(b"[") + text.count(b"{") <= limit:
        return False  # so it is for nearly all events, and known in microseconds
    found = 0
    for token in _VALUE.finditer(text):
        found += text[token.start()] != _QUOTE
        if found > limit:
            return True
    return False
