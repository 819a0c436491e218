"""`template` of an endpoint: the exact line of each fault, and what of it is a secret."""
# ruff: noqa: E501 - fault lines stand whole, as a user sees them

from pathlib import Path

import pytest

from runtime.config.comparison import endpoint_values
from runtime.config.secrets import Secret
from runtime.config.template import NOTHING, Slot
from tests.kit.config_faults import KAFKA, faults, loaded

TOKEN = "only-for-tests"


def endpoint(keys: str) -> str:
    """Write a file with one endpoint that has these keys."""
    return f"{KAFKA}endpoints: [{{name: ci, url: 'https://ci.example.com/hook', {keys}}}]"


def template(written: str) -> str:
    """Write a file with one endpoint that has this template."""
    return endpoint(f"format: template, template: {written}")


FAULTS = [
    (
        endpoint("format: template"),
        'endpoints[0].template: is missing; format template sends it, e.g. {text: "{action} {repository}:{tag}"}',
    ),
    (
        endpoint("template: {text: x}"),
        "endpoints[0].template: is not sent by format registry; write format: template",
    ),
    (
        template("{text: '{repo} x'}"),
        'endpoints[0].template.text: "{repo} x" has the placeholder "repo", which is not known; did you mean repository?',
    ),
    (
        template("{a: {b: ['{tag|digst}']}}"),
        'endpoints[0].template.a.b[0]: "{tag|digst}" has the placeholder "digst", which is not known; did you mean digest?',
    ),
    (
        template("{text: 'a { b'}"),
        'endpoints[0].template.text: "a { b" has a brace that is part of no placeholder; write {{ or }} for a plain one',
    ),
    (
        template("{text: 'a } b'}"),
        'endpoints[0].template.text: "a } b" has a brace that is part of no placeholder; write {{ or }} for a plain one',
    ),
    (
        template("{text: 'it has {refs}'}"),
        'endpoints[0].template.text: "it has {refs}" has refs, which is a list, among other text; it must be the whole text',
    ),
    (
        template("{'{tag}': x}"),
        'endpoints[0].template."{tag}": a key is sent as it is and has no placeholder; only values do',
    ),
    (template("{n: 0x1F}"), "endpoints[0].template.n: 0x1F is not a number of JSON; write it in quotes, or as one"),
    (template("{n: .inf}"), "endpoints[0].template.n: .inf is not a number of JSON; write it in quotes, or as one"),
    (template("{n: 010}"), "endpoints[0].template.n: 010 is not a number of JSON; write it in quotes, or as one"),
    (
        endpoint("format: template, template: {}, batch: {max_events: 2}"),
        "endpoints[0].batch.max_events: format template carries one event a request",
    ),
    *(
        (
            endpoint(f"format: {name}, batch: {{max_events: 2}}"),
            f"endpoints[0].batch.max_events: format {name} carries one event a request",
        )
        for name in ("source", "acr")
    ),
]


@pytest.mark.parametrize(("text", "line"), FAULTS)
def test_a_fault_is_one_clear_line(tmp_path: Path, text: str, line: str) -> None:
    """Where it is, what was written, and what to write."""
    assert [line] == faults(tmp_path, text)


def test_a_name_from_the_environment_is_not_shown(tmp_path: Path) -> None:
    """A token with a brace in it is refused without a part of it."""
    (line,) = faults(tmp_path, template('{key: "${TOKEN}"}'), {"TOKEN": "x{hunter2}"})
    assert (
        'endpoints[0].template.key: "${TOKEN}" has a placeholder that is none; write {{ and }} for plain braces' == line
    )


def test_what_comes_from_elsewhere_is_a_secret(tmp_path: Path) -> None:
    """It is in the template, and neither in a repr nor in what a comparison shows; a change of it is a change."""
    text = template('{key: "${TOKEN}", text: "{tag}"}')
    one, other = (loaded(tmp_path, text, {"TOKEN": token}).endpoints[0] for token in (TOKEN, "another"))

    assert one.template is not None
    assert (Secret(TOKEN),) == one.template.secrets
    assert (f'{{"key":"{TOKEN}","text":', Slot(("tag",), within_text=False), "}") == one.template.pieces
    assert TOKEN not in repr(one) + repr(endpoint_values(one))
    assert endpoint_values(one)["template"] != endpoint_values(other)["template"]


def test_the_form_is_the_template_or_the_formats_name(tmp_path: Path) -> None:
    """A template that is missing, which no file can have, is null."""
    one = loaded(tmp_path, template("x")).endpoints[0]
    other = loaded(tmp_path, endpoint("format: acr")).endpoints[0]

    assert one.template == one.form
    assert "acr" == other.form
    assert ("null",) == NOTHING.pieces
