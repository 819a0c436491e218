"""The keys of an endpoint that is a sink in Python: the name of its factory, and the factory's arguments."""

import json
from typing import Final

from runtime.config import shape as shapes
from runtime.config.plain_values import plain_value
from runtime.config.reading import Value
from runtime.config.secrets import Secret
from runtime.config.shape import shaped
from runtime.config.value_readers import matching

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_DOTTED: Final = rf"{_NAME}(\.{_NAME})*"

factory_name: Final = matching(
    f"{_DOTTED}:{_DOTTED}", "is not MODULE:FACTORY; write e.g. mypackage.audit:make_sink, which must be importable"
)


@shaped(shapes.mapping(_NAME, {}))
def read_options(value: Value) -> Secret:
    """Read the keyword arguments into the text of a JSON object; any of them may be a secret."""
    options = {}
    for name, member in value.members():
        if not (name.isascii() and name.isidentifier()):
            member.fail("is not the name of an argument: letters, digits and _, and no digit first")
        options[name] = plain_value(member)
    return Secret(json.dumps(options))
