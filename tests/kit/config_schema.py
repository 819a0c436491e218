"""Writes docs/bridge.schema.json: the readers' keys and types, with the defaults and words of docs/configuration.md."""

import json
from pathlib import Path
from typing import Any, Final

from runtime.config.json_schema import json_schema
from runtime.config.load import read_file
from tests.kit.configuration_page import documented_keys
from tests.kit.paths import ROOT

FILE: Final = ROOT / "docs" / "bridge.schema.json"


def described_schema() -> dict[str, Any]:
    """The schema, each documented key with what the page says of it.

    Raises:
        KeyError: the page has a key that no reader asks for.
    """
    schema = json_schema(read_file)
    schema["title"] = "Configuration of registry-bridge and registry-worker"
    for key, row in documented_keys().items():
        node = node_of(schema, key)
        node["description"] = row.plain
        if row.has_default:
            node["default"] = row.value
    return schema


def node_of(schema: dict[str, Any], key: str) -> dict[str, Any]:
    """The schema of one key, `endpoints[].batch.linger` for example."""
    properties: dict[str, dict[str, Any]] = schema["properties"]
    if key in properties:
        return properties[key]
    section, _, rest = key.partition(".")
    node = properties[section.removesuffix("[]")]
    return node_of(node["items"] if section.endswith("[]") else node, rest)


def text_of(schema: dict[str, Any]) -> str:
    """The file's content."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def main(file: Path = FILE) -> None:
    """Write the file anew."""
    file.write_text(text_of(described_schema()), encoding="utf-8")


if __name__ == "__main__":
    main()
